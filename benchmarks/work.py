"""The requests that servers are measured with, as bytes with places for numbers.

A place is ten characters wide, like the number that goes there, so the length of a request never changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: The place of the next number, and of the number before again. `load.lua` knows them too.
NEXT, SAME = "NEXTNUMBER", "SAMENUMBER"

#: MEGA's demo credential.
TOKEN = "mega_" + "0123456789abcdef" * 4
CUSTOMER = "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11"
BULK_ROWS = 500

_PLACE = re.compile(f"{NEXT}|{SAME}".encode())


@dataclass(frozen=True, slots=True)
class Work:
    """Requests of one kind. `status` is the right answer; `template` the request; `connections` at a time."""

    name: str
    status: int
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""
    connections: int = 16

    def template(self, prefix: str) -> bytes:
        """The request as it goes over the wire, below the path that a server has the API at."""
        length = {"Content-Length": str(len(self.body))} if self.body else {}
        head = {"Host": "127.0.0.1", **dict(self.headers), **length}
        lines = [f"{self.method} {prefix}{self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


def requests(template: bytes, first: int) -> Iterator[bytes]:
    """Requests with the numbers from `first` on, without an end."""
    number = first - 1

    def fill(place: re.Match[bytes]) -> bytes:
        nonlocal number
        number += place[0] == NEXT.encode()
        return b"%010d" % number

    while True:
        yield _PLACE.sub(fill, template)


_PUBLIC = (("x-customer-id", CUSTOMER), ("Content-Type", "application/json"))
_HEADERS = (("Authorization", f"Bearer {TOKEN}"), *_PUBLIC)
_KEY = ("Idempotency-Key", f"key-{NEXT}")
_KEYED = (*_HEADERS, _KEY)


def _lead(place: str, **other: Any) -> dict[str, Any]:
    contact = {"contact_name": "Sam Seller", "contact_phone": f"+1{place}", "contact_email": f"sam{place}@example.com"}
    return {
        **contact,
        "source_platform": "referral",
        "source_type": "form",
        "stage_slug": "new",
        "custom_fields": {"budget": "500000"},
        **other,
    }


_LEAD = json.dumps(_lead(SAME))
_ROWS = json.dumps({"leads": [_lead(SAME, contact_phone=f"+1{NEXT}")] * BULK_ROWS})

CREATE = Work("create", 201, "POST", "/leads", _KEYED, _LEAD)
LIST = Work("list", 200, "GET", "/leads?limit=20", _HEADERS)
SEARCH = Work("search", 200, "GET", f"/leads?limit=20&search=sam{NEXT}", _HEADERS)
BULK = Work("bulk", 200, "POST", "/leads/bulk", _KEYED, _ROWS, connections=1)
INVALID = Work("refused 400", 400, "POST", "/leads", _KEYED, json.dumps(_lead(SAME, source_platform="nowhere")))
ANONYMOUS = Work("refused 401", 401, "POST", "/leads", (*_PUBLIC, _KEY), _LEAD)
CONFLICT = Work(
    "refused 409", 409, "POST", "/leads", (*_HEADERS, ("Idempotency-Key", "taken")), json.dumps(_lead(NEXT))
)
LIMITED = Work("refused 429", 429, "POST", "/leads", _KEYED, _LEAD)
REFUSED = (INVALID, ANONYMOUS, CONFLICT, LIMITED)
