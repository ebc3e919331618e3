"""What several rules look at is done once, and shown with each of them."""

from __future__ import annotations

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
