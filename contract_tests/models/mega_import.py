"""What MEGA's documents and our decisions say of a bulk import, worked out row by row, to compare answers with."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["created", "updated", "skipped", "failed"]
_STATUSES: tuple[Status, ...] = ("created", "updated", "skipped", "failed")
#: Of a row whose reference cannot be echoed: nothing is said of what its result has.
UNSAID: Any = object()


@dataclass(frozen=True)
class Row:
    """A row as it is sent, and what it means.

    `email` and `phone` are those that it can be matched by, in their plainest form; `given` are the other fields
    that it says something about, as the lead then shows them. `ignored` are its unknown custom fields, in order.
    """

    body: Any
    email: str | None = None
    phone: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    ref: Any = None
    fails: bool = False


@dataclass
class Known:
    """A lead that must exist. `id` is empty until an answer has told it."""

    email: str | None = None
    phone: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True)
class Expected:
    """What the result of a row must say. `lead` is the place of its lead among those known."""

    status: Status
    lead: int | None
    matched_by: str | None
    row: Row


@dataclass
class Customer:
    """The leads of one customer, as far as they are looked at. `defaults` are the fields of a new lead."""

    defaults: Mapping[str, Any]
    leads: list[Known] = field(default_factory=list)

    def copy(self) -> Customer:
        return copy.deepcopy(self)

    def take(self, rows: Sequence[Row], *, skip: bool) -> list[Expected]:
        """The rows, one after the other."""
        return [self._take(row, skip=skip) for row in rows]

    def _take(self, row: Row, *, skip: bool) -> Expected:
        if row.fails:
            return Expected("failed", None, None, row)
        at, matched_by = self._find(row)
        if at is None:
            self.leads.append(Known(row.email, row.phone, {**self.defaults, **row.given}, dict(row.custom_fields)))
            return Expected("created", len(self.leads) - 1, None, row)
        if skip:
            return Expected("skipped", at, matched_by, row)
        lead = self.leads[at]
        lead.email = row.email or lead.email
        # A phone that identifies another lead stays there.
        if row.phone and all(other is lead or other.phone != row.phone for other in self.leads):
            lead.phone = row.phone
        lead.fields.update(row.given)
        lead.custom_fields.update(row.custom_fields)
        return Expected("updated", at, matched_by, row)

    def _find(self, row: Row) -> tuple[int | None, str | None]:
        for name, value in (("email", row.email), ("phone", row.phone)):
            for at, lead in enumerate(self.leads):
                if value is not None and getattr(lead, name) == value:
                    return at, name
        return None, None


def summary(expected: Sequence[Expected]) -> dict[str, int]:
    counts = Counter(one.status for one in expected)
    return {"total": len(expected), **{status: counts[status] for status in _STATUSES}}


def unknown(expected: Sequence[Expected]) -> list[str]:
    """Every ignored custom field once, in the order in which they come."""
    return list(dict.fromkeys(slug for one in expected for slug in one.row.ignored))
