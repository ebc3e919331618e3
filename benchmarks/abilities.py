"""What each server does of the work, tried on it: figures of servers that do less are not figures of the same thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.rounds import Say, recorded
from benchmarks.samples import Sample, Samples
from benchmarks.servers import Running, Server, running
from benchmarks.work import CUSTOMER, TOKEN

_PATIENCE_SECONDS = 5
_PER_MINUTE = 60


class _Visitor:
    """Sends requests to one server. Each contact that it makes up is a new one."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._contacts = 0

    def contact(self) -> dict[str, str]:
        self._contacts += 1
        number = f"7{self._contacts:09d}"
        return {"contact_phone": f"+1{number}", "contact_email": f"visitor{number}@example.com"}

    def create(self, body: object = None, **headers: str) -> httpx.Response:
        return self._client.post("/leads", json=body or self.contact(), headers=headers)

    def raw(self, body: bytes) -> httpx.Response:
        return self._client.post("/leads", content=body, headers={"Content-Type": "application/json"})

    def text_of_list(self, **query: str) -> str:
        return self._client.get("/leads", params=query).text


def _lead_id(answer: httpx.Response) -> Any:
    return answer.json().get("lead", {}).get("id") if answer.status_code == httpx.codes.CREATED else None


def _needs_a_key(visitor: _Visitor) -> bool:
    return visitor.create(authorization="").status_code == httpx.codes.UNAUTHORIZED


def _knows_its_keys(visitor: _Visitor) -> bool:
    wrong = "Bearer mega_" + "0" * 64
    return visitor.create(authorization=wrong).status_code == httpx.codes.UNAUTHORIZED


def _validates(visitor: _Visitor) -> bool:
    bodies = ({"source_platform": "nowhere", **visitor.contact()}, {"contact_email": "nobody"}, {"contact_name": 7})
    return all(visitor.create(body).status_code == httpx.codes.BAD_REQUEST for body in bodies)


def _parses(visitor: _Visitor) -> bool:
    return visitor.raw(b'{"contact_name": ').status_code == httpx.codes.BAD_REQUEST


def _keeps(visitor: _Visitor) -> bool:
    contact = visitor.contact()
    visitor.create(contact)
    return contact["contact_email"] in visitor.text_of_list(search=contact["contact_email"])


def _deduplicates(visitor: _Visitor) -> bool:
    """Two people are two leads, and a phone in another spelling is still the same one."""
    phone = visitor.contact()["contact_phone"]
    spelled = f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    first, again, other = (
        visitor.create(body) for body in ({"contact_phone": phone}, {"contact_phone": spelled}, None)
    )
    return _lead_id(first) is not None and _lead_id(first) == _lead_id(again) != _lead_id(other)


def _replays(visitor: _Visitor) -> bool:
    """The same request again is the first answer again, and another is not."""
    contact = visitor.contact()
    first, again = (visitor.create(contact, **{"Idempotency-Key": "replayed"}) for _ in range(2))
    return first.content == again.content != visitor.create(**{"Idempotency-Key": "another"}).content


def _refuses_other_bodies(visitor: _Visitor) -> bool:
    visitor.create(**{"Idempotency-Key": "reused"})
    return visitor.create(**{"Idempotency-Key": "reused"}).status_code == httpx.codes.CONFLICT


def _limits(visitor: _Visitor) -> bool:
    statuses = [visitor.create().status_code for _ in range(_PER_MINUTE + 1)]
    return statuses[-1] == httpx.codes.TOO_MANY_REQUESTS


@dataclass(frozen=True, slots=True)
class Ability:
    says: str
    tried: Callable[[_Visitor], bool]


#: The last one uses up the minute.
ABILITIES = (
    Ability("asks for a key (401)", _needs_a_key),
    Ability("knows which key is right (401)", _knows_its_keys),
    Ability("refuses fields that are not valid (400)", _validates),
    Ability("refuses a body that is not JSON (400)", _parses),
    Ability("lists what was created", _keeps),
    Ability("one lead a phone, however it is spelled", _deduplicates),
    Ability("replays an idempotency key", _replays),
    Ability("refuses that key with another body (409)", _refuses_other_bodies),
    Ability("limits requests (429)", _limits),
)


def measure(samples: Samples, folder: Path, servers: Sequence[Server], say: Say) -> None:
    """Try all abilities of each server."""
    for server in servers:
        say(f"what it does: {server.name}")
        with recorded(samples, "abilities", server, say), running(server, folder / "abilities") as up:
            samples.add(Sample("abilities", server.name, _abilities(up)))


def _abilities(up: Running) -> Mapping[str, float]:
    headers = {"Authorization": f"Bearer {TOKEN}", "x-customer-id": CUSTOMER}
    origin = f"http://127.0.0.1:{up.port}{up.server.prefix}"
    with httpx.Client(base_url=origin, headers=headers, timeout=_PATIENCE_SECONDS) as client:
        visitor = _Visitor(client)
        return {ability.says: float(_has(ability, visitor)) for ability in ABILITIES}


def _has(ability: Ability, visitor: _Visitor) -> bool:
    try:
        return ability.tried(visitor)
    except (httpx.HTTPError, ValueError, AttributeError):  # it hangs, breaks off, or answers no lead at all
        return False
