"""Some thirty leads of one CRMLead Pro workspace, made in two moments: what lists and figures are tried on."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..models.crmleadpro import OPEN, SLUGS, STATUSES, Lead
from ..models.crmleadpro_values import FULL
from ..rule import Broken
from .workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

_HALF = 16
_AGED = 22
#: Timestamps may count whole seconds.
_A_SECOND = 1.05
_A_MOMENT = 0.02
_NAMES = (
    "ravi",
    "anita",
    "zubin",
    "meera",
    "anita",
    "om",
    "kiran",
    "ravi",
    "bela",
    "yash",
    "anita b",
    "m1",
    "m10",
    "m2",
)
_SCORES = (None, 0, 100, 5, 30, 5, None, 87, 9, 0, 100, 50)


@dataclass(frozen=True, slots=True)
class Population:
    """`mark` is in the name and among the tags of all. Of the first half, some were patched in the second moment."""

    mark: str
    live: tuple[Lead, ...]
    archived: tuple[Lead, ...]
    #: The period from `start` until just before `middle` holds `early`, live ones, and nothing else.
    start: str
    middle: str
    early: tuple[Lead, ...]
    #: The answers to the deals of that period; whether they are right is for others to say.
    deals: tuple[Answer, ...]
    #: Leads that are a moment old, for whoever changes them first: a small one, and full ones without the mark.
    aged: tuple[Lead, ...]

    @property
    def words(self) -> Mapping[str, tuple[Any, ...]]:
        """Words to filter by: used ones, such as differ from them in letter case or in length, and the empty text."""
        mark = self.mark
        return {
            "status": STATUSES,
            "pipeline_stage": (*SLUGS, "nowhere"),
            "source": (f"{mark} web", f"{mark} Web", f"{mark} web2", f"{mark} we", "null", ""),
            "assigned_to": (f"{mark}_a", f"{mark}_A", f"{mark}_ab", f"{mark}", "null", ""),
            "tag": (mark, "hot", "Hot", "hot-lead", "ho", "a,b", f"{mark} x", ""),
            "search": (
                mark,
                mark.upper(),
                f"{mark} anita",
                f"{mark} M1",
                f"works {mark}",
                f"@{mark}",
                # What other digits of the other numbers say would depend on how digits are matched.
                "+91",
                "xyz",
                "",
            ),
            "company": (f"Works {mark}", f"works {mark}", f"Works {mark} Ltd", f"Works {mark} ", ""),
        }


def population(lab: Lab) -> Population:
    """The same leads in every run of the lab, made when they are first asked for."""
    return lab.once("crmleadpro population", lambda: _made(Workspace(lab)))


def later(here: Workspace, last: Lead) -> None:
    """Wait until the target dates a lead later than this one."""
    time.sleep(_A_MOMENT if "." in last["created_at"] else _A_SECOND)
    after = here.create()
    if after["created_at"] <= last["created_at"]:
        raise Broken(f"a lead made later to be dated after {last['created_at']}", after["created_at"])
    here.archive(after)


def _made(here: Workspace) -> Population:
    mark = here.mark()
    chance = random.Random(7)  # noqa: S311  # the same leads in each run
    aged = [here.create(), *(here.create(name="Priya Sharma", **FULL) for _ in range(_AGED))]
    later(here, aged[-1])
    first = [here.made(_lead(here, mark, chance, at)) for at in range(_HALF)]
    deals = [here.ask("createDeal", body=_deal(at, first[at]["id"])) for at in range(5)]
    later(here, first[-1])
    second = [here.made(_lead(here, mark, chance, at)) for at in range(_HALF, 2 * _HALF)]
    # So that the order of changes is not that of creation.
    for at in (11, 3, 7):
        first[at] = here.patch(first[at], {"score": at})
    gone = [first[5], second[2], second[9]]
    for lead in gone:
        here.archive(lead)
    live = [lead for lead in (*first, *second) if lead not in gone]
    early = tuple(lead for lead in first if lead not in gone)
    start, middle = first[0]["created_at"], second[0]["created_at"]
    return Population(mark, tuple(live), tuple(gone), start, middle, early, tuple(deals), tuple(aged))


def _deal(at: int, lead_id: str) -> dict[str, Any]:
    deal = {"title": f"Deal {at}", "value": (0.1, 7, 0, 2500.75, 0.7)[at], "pipeline": "sales", "stage": OPEN[at % 4]}
    return {**deal, "currency": ("INR", "USD")[at % 2], "lead_id": lead_id if at % 2 else None}


def _lead(here: Workspace, mark: str, chance: random.Random, at: int) -> dict[str, Any]:
    tags = [tag for tag in ("hot", "Hot", "hot-lead", "a,b", "hot") if chance.random() < 0.4]
    phone = here.lab.fresh.phone()
    return {
        "name": f"{mark} {_NAMES[at % len(_NAMES)]}",
        "email": None if at % 5 == 4 else f"lead{at}@{mark}.example",
        "phone": None if at % 10 == 1 else f"+91 {phone[:5]} {phone[5:]}",
        "company": chance.choice((None, "", f"Works {mark}", f"works {mark}", f"Works {mark} Ltd")),
        "status": chance.choice(STATUSES),
        "pipeline_stage": chance.choice(SLUGS),
        "score": _SCORES[at % len(_SCORES)],
        "source": chance.choice((None, "", f"{mark} web", f"{mark} Web", f"{mark} web2")),
        "assigned_to": chance.choice((None, "", f"{mark}_a", f"{mark}_A", f"{mark}_ab")),
        "tags": [mark, *tags] if at % 2 else [*tags, mark],
    }
