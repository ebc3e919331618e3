"""What several rules look at is done once, and shown with each of them; and keys are not asked more than they bear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract_tests.lab import Lab
from mockserver.contract import load
from tests.contract_suite.judged import described


def test_an_experiment_is_made_once_and_its_requests_are_shown_with_each_rule() -> None:
    with Lab(load("convertiq"), described("convertiq")) as lab:

        def experiment() -> int:
            return lab.main("createLead", body={}).status

        for _ in range(2):
            lab.trace.clear()
            assert lab.once("experiment", experiment) == 400
            assert len(lab.trace.curl(lab.secrets)) == 1
        assert lab.trace.count == 1


def test_a_main_key_with_limits_is_asked_no_faster_than_these_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody needs to wait here: how long it would have been is noted instead."""
    waits: list[float] = []
    monkeypatch.setattr("contract_tests.pace.time.sleep", waits.append)
    told = described("convertiq")
    main = replace(told.credentials[0], unlimited=False, limits={"per_minute": 3})
    with Lab(load("convertiq"), replace(told, credentials=(main,))) as lab:
        for _ in range(3):
            lab.main("createLead", body={})
        assert waits == []
        lab.limited("per_minute")[0]("createLead", body={})
        assert waits == [], "it is there for its limit to be reached"
        lab.main("createLead", body={})
        assert len(waits) == 1
        assert 0 < waits[0] <= 60
