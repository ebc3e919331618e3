"""Python's garbage collector, kept from looking where there is nothing to find."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected(*, stays: bool = False) -> Iterator[None]:
    """No collections meanwhile: while modules are imported and specs are read, nearly all that is made stays, and
    looking through it again and again takes a tenth of the start. `stays`: nor later, for it stays until the end.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        if stays:
            gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
