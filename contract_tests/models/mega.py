"""A small model of one MEGA customer: what its leads are after everything that was sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Lead = dict[str, Any]
_CONTACT = ("contact_name", "contact_phone", "contact_email")
_WORDS = ("source_platform", "source_type")


def email_key(value: Any) -> str:
    return unicodedata.normalize("NFC", value).strip().lower() if isinstance(value, str) else ""


def phone_key(value: Any) -> str:
    digits = "".join(filter(str.isdecimal, value)) if isinstance(value, str) else ""
    return digits[-10:] if len(digits) >= 10 else ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to become of a lead: the known one that it is merged into, if any, how that is found, and the result."""

    known: str | None
    matched_by: str | None
    lead: Lead


@dataclass
class Book:
    """The leads of one customer, by id, as they were last shown; and all keys that each was ever given."""

    leads: dict[str, Lead] = field(default_factory=dict)
    given: dict[str, set[str]] = field(default_factory=dict)

    # What must hold wherever the documents leave a choice.

    def surely(self, body: Mapping[str, Any]) -> set[str]:
        """The leads that show the email or the phone."""
        email, phone = email_key(body.get("contact_email")), phone_key(body.get("contact_phone"))
        return {one for one, lead in self.leads.items() if _shows(lead, email, phone)}

    def perhaps(self, body: Mapping[str, Any]) -> set[str]:
        """The leads that were ever given the email or the phone."""
        keys = _keys(body)
        return {one for one, given in self.given.items() if keys & given}

    def learn(self, lead: Lead, body: Mapping[str, Any]) -> None:
        """Take what was shown for what is."""
        self.leads[lead["id"]] = lead
        self.given.setdefault(lead["id"], set()).update(_keys(lead) | _keys(body))

    # What was decided.

    def expected(self, body: Mapping[str, Any], defaults: Mapping[str, Any]) -> Expected:
        """Email first, then phone; what is given overwrites, what is not stays (M30, M32)."""
        email, phone = email_key(body.get("contact_email")), phone_key(body.get("contact_phone"))
        by_email = self._holder(email=email)
        by_phone = self._holder(phone=phone)
        found = by_email or by_phone
        matched_by = ("email" if by_email else "phone") if found else None
        lead = dict(self.leads[found]) if found else dict(defaults)
        own = dict(body)
        if by_email and by_phone and by_email != by_phone:
            own.pop("contact_phone")
        for name in (*_CONTACT, *_WORDS):
            value = own.get(name)
            if isinstance(value, str) and value.strip():
                lead[name] = value.strip()
        line = {"lead_line": own["lead_line"]} if own.get("lead_line") else {}
        lead["custom_fields"] = {**lead["custom_fields"], **(own.get("custom_fields") or {}), **line}
        return Expected(found, matched_by, lead)

    def _holder(self, email: str = "", phone: str = "") -> str | None:
        return next((one for one, lead in self.leads.items() if _shows(lead, email, phone)), None)


def _shows(lead: Mapping[str, Any], email: str, phone: str) -> bool:
    same_email = bool(email) and email_key(lead.get("contact_email")) == email
    return same_email or (bool(phone) and phone_key(lead.get("contact_phone")) == phone)


def _keys(members: Mapping[str, Any]) -> set[str]:
    return {email_key(members.get("contact_email")), phone_key(members.get("contact_phone"))} - {""}


def unambiguous(book: Book, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows without what the documents leave open: a phone of another lead than the email's, and keys twice."""
    seen: set[str] = set()
    kept = []
    for row in rows:
        one = dict(row)
        email = {name: value for name, value in one.items() if name != "contact_phone"}
        if len(book.perhaps(one)) > 1 or (book.perhaps(email) and book.perhaps(one) != book.perhaps(email)):
            one.pop("contact_phone", None)
        if not _keys(one) & seen and len(book.perhaps(one)) <= 1:
            seen |= _keys(one)
            kept.append(one)
    return kept
