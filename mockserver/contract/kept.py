"""What is slow to make from files, kept beside the bytecode until what it was made from changes.

Reading, checking and modelling the specs takes longer than everything else at start together. A value is kept
with a digest of all that it depends on, and made anew where that differs; where nothing can be written it is
made at every start. Like bytecode, and in the same place, it is trusted as much as the code itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle  # what is read was written here, where the code itself is
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

DIRECTORY = Path(__file__).resolve().parent.parent / "__pycache__"


def kept(name: str, depends_on: Iterable[bytes], make: Callable[[], T], directory: Path = DIRECTORY) -> T:
    """The value that `make` gives, or gave earlier where `depends_on` was the same; always one of its own.

    Raises what `make` raises, and keeps nothing then.
    """
    key = _digest(sys.version.encode(), *depends_on)
    file = directory / f"{name}.{sys.implementation.cache_tag}.pickle"
    with contextlib.suppress(OSError):
        written = file.read_bytes()
        content = written[64:]
        if written[:64] == key + _digest(content):
            value: T = pickle.loads(content)  # noqa: S301  # see above
            return value
    made = make()
    content = pickle.dumps(made, protocol=pickle.HIGHEST_PROTOCOL)
    _write(file, key + _digest(content) + content)
    return made


@cache
def code_in(package: Path) -> bytes:
    """A digest of the modules in a folder. Their times would not do: installers give all the same."""
    return _digest(*(file.read_bytes() for file in sorted(package.glob("*.py"))))


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d " % len(part) + part)
    return digest.digest()


def _write(file: Path, content: bytes) -> None:
    """In one step, for another process may be reading; not at all where it cannot be."""
    fresh = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(file)
