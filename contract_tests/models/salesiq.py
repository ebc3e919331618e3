"""A small model of SalesIQ's workspaces, and a machine that compares a target with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ..worlds.salesiq import elsewhere, known, new
from .machine import Machine, step

if TYPE_CHECKING:
    from ..lab import Lab
    from ..search import Search
    from ..wire import Answer

# So few that they meet again and again.
_NUMBERS = 4
_PLACES = st.integers(0, 1)
_PHONES = st.integers(0, _NUMBERS - 1)
_NAMES = st.sampled_from(["Amit Kumar", "Priya", 'Asha "AK"', "José 😀"])


@dataclass(slots=True)
class Known:
    """A lead that was captured: its name, the numbers by which it is found, and the answer it got."""

    name: str
    phone: str
    numbers: frozenset[str]
    answer: Answer


@dataclass(slots=True)
class Workspace:
    """The leads of one workspace, oldest first. No two share a number."""

    leads: list[Known] = field(default_factory=list)

    def holder(self, number: str | None) -> Known | None:
        return next((lead for lead in self.leads if number in lead.numbers), None)


class SalesIQMachine(Machine):
    """Captures by phone alone, in one or two workspaces: what the document itself promises."""

    def __init__(self, lab: Lab, search: Search) -> None:
        super().__init__(lab, search)
        self.callers = [lab.main, *elsewhere(lab)]
        self.workspaces = [Workspace() for _ in self.callers]
        self.phones = [lab.fresh.phone() for _ in range(_NUMBERS)]

    @step(place=_PLACES, phone=_PHONES, name=st.sampled_from(["Amit Kumar", "Priya"]))
    def capture(self, place: int, phone: int, name: str) -> None:
        self.captured(place, {"name": name, "phone": self.phones[phone]})

    @step(place=_PLACES, phone=_PHONES)
    def capture_without_name(self, place: int, phone: int) -> None:
        place %= len(self.callers)
        if self.workspaces[place].holder(self.phones[phone]):
            return  # whether it is a duplicate or a mistake first, nobody says
        answer = self.callers[place]("captureLead", body={"phone": self.phones[phone]})
        self.lab.expect(answer.status == 400, "400 for a lead without a name", answer)

    def captured(self, place: int, lead: dict[str, Any]) -> None:
        """Captures a lead and compares the answer with the model's."""
        caller, workspace = self.callers[place % len(self.callers)], self.workspaces[place % len(self.callers)]
        whatsapp = lead.get("whatsapp") or None
        found = workspace.holder(lead["phone"]) or workspace.holder(whatsapp)
        if found is None:
            answer = new(self.lab, lead, caller=caller)
            earlier = [one.answer.at("/leadId") for space in self.workspaces for one in space.leads]
            self.lab.expect(answer.at("/leadId") not in earlier, "a leadId that no other lead has", answer)
            numbers = frozenset({lead["phone"]} | ({whatsapp} if whatsapp else set()))
            workspace.leads.append(Known(lead["name"], lead["phone"], numbers, answer))
        else:
            self.same(known(self.lab, lead, found.answer, caller=caller), found)

    def same(self, answer: Answer, found: Known) -> None:
        told = found.phone in answer.at("/message")
        self.lab.expect(told, f"a message with the phone {found.phone} of the existing lead", answer)

    def finish(self) -> None:
        for place, workspace in enumerate(self.workspaces):
            for lead in workspace.leads:
                self.captured(place, {"name": "Somebody Else", "phone": lead.phone})


class DecidedMachine(SalesIQMachine):
    """The same with WhatsApp numbers, refused leads, and the message to the letter."""

    @step(place=_PLACES, phone=_PHONES, whatsapp=st.one_of(st.none(), st.just(-1), _PHONES), name=_NAMES)
    def capture_with_whatsapp(self, place: int, phone: int, whatsapp: int | None, name: str) -> None:
        number = "" if whatsapp == -1 else None if whatsapp is None else self.phones[whatsapp]
        self.captured(place, {"name": name, "phone": self.phones[phone], "whatsapp": number})

    @step(
        place=_PLACES,
        phone=_PHONES,
        whatsapp=_PHONES,
        wrong=st.sampled_from([("propertyType", "Castle"), ("budgetMin", -1), ("name", " "), ("email", "a@")]),
    )
    def capture_wrong(self, place: int, phone: int, whatsapp: int, wrong: tuple[str, Any]) -> None:
        body = {"name": "Amit", "phone": self.phones[phone], "whatsapp": self.phones[whatsapp], wrong[0]: wrong[1]}
        answer = self.callers[place % len(self.callers)]("captureLead", body=body)
        self.lab.expect(answer.status == 400, f"400 for the {wrong[0]} {wrong[1]!r}", answer)

    def same(self, answer: Answer, found: Known) -> None:
        want = f'Lead already exists as "{found.name}" ({found.phone}). Activity logged.'
        self.lab.expect(answer.at("/message") == want, f"the message {want!r}", answer)

    def finish(self) -> None:
        for place, workspace in enumerate(self.workspaces):
            for number in [number for lead in workspace.leads for number in sorted(lead.numbers)]:
                self.captured(place, {"name": "Somebody Else", "phone": number})
