"""Faults strike whom they are meant for, as often as they should, the oldest first."""

from __future__ import annotations

import pytest

from mockserver.engine.faults import Fault, Faults


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault("drop"), True),
        (Fault("drop", api="mega", operation="createLead", tenant="t", credential="c"), True),
        (Fault("drop", api="salesiq"), False),
        (Fault("drop", operation="listLeads"), False),
        (Fault("drop", tenant="u"), False),
        (Fault("drop", credential="d"), False),
    ],
)
def test_a_fault_befalls_only_those_that_it_names(fault: Fault, *, struck: bool) -> None:
    faults = Faults()
    faults.add(fault)
    assert (faults.take("mega", "createLead", "t", "c") is not None) is struck


def test_a_fault_for_the_next_two_requests_is_gone_after_them() -> None:
    faults = Faults()
    added = faults.add(Fault("status", times=2))
    taken = [faults.take("mega") for _ in range(3)]
    assert [fault and (fault.id, fault.applied) for fault in taken] == [(added.id, 1), (added.id, 2), None]
    assert not faults


def test_a_probability_is_of_each_request_and_the_next_fault_gets_its_chance() -> None:
    draws = iter([0.5, 0.5, 0.49])
    faults = Faults(lambda: next(draws))
    unlikely, next_one = faults.add(Fault("drop", probability=0.5)), faults.add(Fault("slow", probability=0.6))
    first, second = faults.take("mega"), faults.take("mega")
    assert first is not None
    assert second is not None
    assert (first.id, second.id) == (next_one.id, unlikely.id)


def test_the_oldest_fault_strikes_first() -> None:
    faults = Faults()
    faults.add(Fault("status", status=503, times=1))
    faults.add(Fault("status", status=500, times=1))
    assert [fault and fault.status for fault in (faults.take("a"), faults.take("a"), faults.take("a"))] == [
        503,
        500,
        None,
    ]


def test_faults_can_be_looked_up_removed_and_cleared() -> None:
    faults = Faults()
    mega, any_api = faults.add(Fault("drop", api="mega")), faults.add(Fault("drop"))
    assert faults.get(mega.id) == mega
    assert [fault.id for fault in faults] == [mega.id, any_api.id]
    assert faults.clear(api="mega") == 1
    assert faults.remove(any_api.id)
    assert not faults.remove(any_api.id)
    assert len(faults) == 0


@pytest.mark.parametrize(
    "fault", [Fault("drop", times=0), Fault("drop", probability=0), Fault("drop", probability=1.1)]
)
def test_a_fault_that_could_never_strike_is_refused(fault: Fault) -> None:
    with pytest.raises(ValueError, match="="):
        Faults().add(fault)
