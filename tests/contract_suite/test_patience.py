"""A key whose limit was spent is let in again after a minute: seen with --patient, since a minute goes by."""

from __future__ import annotations

import os

import pytest

from contract_tests.lab import Lab, Options
from contract_tests.verify import Selection, try_rule
from mockserver.contract import load
from tests.contract_suite.judged import described

REOPENS = "convertiq/createLead/limits-reopens"
ENDED = 'if window is None or now >= window["ends"]:'


def _verdict(changes: tuple[tuple[str, str], ...] = (), *, patient: bool = True) -> tuple[str, str]:
    contract = load("convertiq")
    with Lab(contract, described("convertiq", changes), Options(strict=True, patient=patient)) as lab:
        (found,) = (try_rule(lab, rule) for rule in Selection(only=(REOPENS,)).of(contract))
    return found.status, found.detail


def test_nobody_waits_for_it_unasked() -> None:
    assert _verdict(patient=False) == ("not-checked", "takes a minute; tried with --patient")


@pytest.mark.skipif("LEADMOCK_ALL" not in os.environ, reason="takes minutes; LEADMOCK_ALL=1 tries it")
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param((), "kept", id="right"),
        pytest.param(((ENDED, "if window is None:"),), "broken", id="never"),
        pytest.param(((ENDED, 'if window is None or now >= window["ends"] + 30:'),), "broken", id="late"),
    ],
)
def test_a_window_that_never_ends_is_found(changes: tuple[tuple[str, str], ...], status: str) -> None:
    found, detail = _verdict(changes)
    assert found == status, detail
