"""The collector rests while much is made that stays, and then goes on as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from mockserver.garbage import uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_rests_meanwhile_and_is_then_as_it_was(enabled: bool) -> None:  # noqa: FBT001  # a parameter of the test
    if not enabled:
        gc.disable()
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() is enabled


def test_the_collector_goes_on_after_a_failure() -> None:
    with pytest.raises(LookupError), uncollected():
        raise LookupError
    assert gc.isenabled()


def test_what_stays_is_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    try:
        with uncollected(stays=True):
            made: list[list[int]] = [[] for _ in range(1000)]
        assert gc.get_freeze_count() >= before + len(made)
    finally:
        gc.unfreeze()
