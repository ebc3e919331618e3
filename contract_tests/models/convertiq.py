"""A small model of ConvertIQ's accounts, and a machine that compares a target with it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ..rule import NotChecked
from ..worlds.convertiq import REQUIRED, STATUSES, complete, create, small
from .machine import Machine, step

if TYPE_CHECKING:
    from ..lab import Lab
    from ..search import Search
    from ..wire import Answer

_PLACES = st.integers(0, 1)
_WRONG: tuple[tuple[str, Any], ...] = (
    ("name", ""),
    ("email", "a@"),
    ("score", 10.5),
    ("status", "Contacted"),
    ("phone", "+15551234567"),
    ("budget", -1),
)


class ConvertIQMachine(Machine):
    """Creates in one or two accounts. All that can be seen is the answers: each must be of its own lead."""

    def __init__(self, lab: Lab, search: Search) -> None:
        super().__init__(lab, search)
        self.callers = [lab.main]
        with suppress(NotChecked):
            self.callers.append(lab.other_tenant())
        self.seen: set[str] = set()
        self.users: dict[int, str] = {}
        self.sent: list[dict[str, Any]] = []

    @step(place=_PLACES, full=st.booleans(), status=st.sampled_from(STATUSES))
    def create_lead(self, *, place: int, full: bool, status: str) -> None:
        self.made(place, complete(self.lab, status=status) if full else small(self.lab, status=status))

    @step(place=_PLACES, name=st.sampled_from(REQUIRED))
    def create_without(self, place: int, name: str) -> None:
        lead = {key: value for key, value in small(self.lab).items() if key != name}
        answer = self.callers[place % len(self.callers)]("createLead", body={"lead": lead})
        self.lab.expect(400 <= answer.status < 500, f"a refusal (4xx) of a lead without {name}", answer)

    def made(self, place: int, lead: dict[str, Any]) -> Answer:
        answer = create(self.lab, lead, caller=self.callers[place % len(self.callers)])
        lead_id = answer.at("/lead/id")
        self.lab.expect(lead_id not in self.seen, "an id that no other lead has", answer)
        self.seen.add(lead_id)
        self.sent.append(lead)
        return answer


class DecidedMachine(ConvertIQMachine):
    """The same, with the user of the account, the default status, leads sent again, and every kind of refusal."""

    @step(place=_PLACES)
    def create_without_status(self, place: int) -> None:
        answer = self.made(place, small(self.lab))
        self.lab.expect(answer.at("/lead/status") == "new", "the status new of a lead without one", answer)

    @step(place=_PLACES, number=st.integers(0, 5))
    def create_again(self, place: int, number: int) -> None:
        self.made(place, self.sent[number % len(self.sent)] if self.sent else small(self.lab))

    @step(place=_PLACES, wrong=st.sampled_from(_WRONG))
    def create_wrong(self, place: int, wrong: tuple[str, Any]) -> None:
        body = {"lead": complete(self.lab, **{wrong[0]: wrong[1]})}
        answer = self.callers[place % len(self.callers)]("createLead", body=body)
        self.lab.expect(answer.status == 400, f"400 for the {wrong[0]} {wrong[1]!r}", answer)

    def made(self, place: int, lead: dict[str, Any]) -> Answer:
        answer = super().made(place, lead)
        user = self.users.setdefault(place % len(self.callers), answer.at("/lead/user_id"))
        self.lab.expect(answer.at("/lead/user_id") == user, f"the account's user_id {user}", answer)
        self.lab.expect(len(set(self.users.values())) == len(self.users), "another user_id for another account", answer)
        self.lab.expect(answer.status == 201, "201", answer)
        return answer
