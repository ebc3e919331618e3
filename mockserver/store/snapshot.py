"""The whole state as plain JSON data, the same for every store: what one wrote, any other can read."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, cast, get_args

import orjson

from mockserver.store.base import Attempt, Delivery, DeliveryState, Record, Remembered

FORMAT = "leadmock state"
VERSION = 1
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1  # what every store can count up to

_T = TypeVar("_T")


class SnapshotError(Exception):
    """What is to be restored is no snapshot. The text names the place in it and what is wrong."""


@dataclass(frozen=True, slots=True)
class TenantState:
    """`records` in their order of insertion within each kind; `answers` in any order."""

    records: list[Record] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Remembered] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a store keeps. `windows`: (key, seconds, used, epoch seconds of the end)."""

    tenants: dict[str, TenantState] = field(default_factory=dict)
    windows: list[tuple[str, int, int, float]] = field(default_factory=list)
    deliveries: list[tuple[Delivery, tuple[Attempt, ...]]] = field(default_factory=list)

    def tenant(self, name: str) -> TenantState:
        return self.tenants.setdefault(name, TenantState())


def encode(state: State) -> dict[str, Any]:
    """JSON data; bytes are base64 texts."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "tenants": {name: _encode_tenant(tenant) for name, tenant in state.tenants.items()},
        "windows": [
            {"key": key, "seconds": seconds, "used": used, "ends_at": ends_at}
            for key, seconds, used, ends_at in state.windows
        ],
        "deliveries": [
            {
                **asdict(delivery),
                "payload": b64encode(delivery.payload).decode(),
                "attempts": [asdict(attempt) for attempt in attempts],
            }
            for delivery, attempts in state.deliveries
        ],
    }


def decode(snapshot: object) -> State:
    """The state of a snapshot, every value checked. Raises SnapshotError."""
    try:
        whole = orjson.loads(orjson.dumps(snapshot))
    except (TypeError, ValueError) as error:
        raise SnapshotError(f"the snapshot is no JSON data: {error}") from None
    top = _Reader(whole, "the snapshot")
    if top.get("format", str) != FORMAT:
        raise SnapshotError(f"the snapshot's format is {whole['format']!r}, not {FORMAT!r}: give one made by leadmock")
    if top.get("version", int) != VERSION:
        raise SnapshotError(
            f"the snapshot has version {whole['version']}, and this program knows version {VERSION}:"
            " use the program that made it"
        )
    tenants = top.get("tenants", dict)
    state = State(
        {name: _decode_tenant(_Reader(each, f"tenant {name!r}")) for name, each in tenants.items()},
        [_decode_window(each) for each in top.rows("windows")],
        [_decode_delivery(each) for each in top.rows("deliveries")],
    )
    _distinct("windows", [(key, seconds) for key, seconds, _, _ in state.windows])
    _distinct("deliveries", [delivery.id for delivery, _ in state.deliveries])
    return state


def _encode_tenant(tenant: TenantState) -> dict[str, Any]:
    return {
        "records": [
            {
                "kind": record.kind,
                "id": record.id,
                "data": record.data,
                "keys": [list(key) for key in record.keys],
                "search": record.search,
                "archived": record.archived,
            }
            for record in tenant.records
        ],
        "counters": tenant.counters,
        "answers": [
            {
                "key": key,
                "fingerprint": answer.fingerprint,
                "status": answer.status,
                "headers": [list(header) for header in answer.headers],
                "body": b64encode(answer.body).decode(),
                "expires_at": answer.expires_at,
            }
            for key, answer in tenant.answers.items()
        ],
    }


class _Reader:
    """Reads typed members of one object and says where one is amiss."""

    def __init__(self, found: object, place: str) -> None:
        if not isinstance(found, dict):
            raise SnapshotError(f"{place} must be an object, not {_told(found)}")
        self._found = found
        self._place = place

    def get(self, name: str, kind: type[_T]) -> _T:
        value = self._found.get(name)
        if type(value) is not kind:
            raise SnapshotError(f"{self._place}: {name!r} must be {_NAMES[kind]}, not {_told(value)}")
        if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
            raise SnapshotError(f"{self._place}: {name!r} is beyond 64 bits")
        return value

    def number(self, name: str) -> float:
        return float(self.get(name, int)) if type(self._found.get(name)) is int else self.get(name, float)

    def optional(self, name: str, kind: type[_T]) -> _T | None:
        return None if self._found.get(name) is None else self.get(name, kind)

    def content(self, name: str) -> bytes:
        try:
            return b64decode(self.get(name, str), validate=True)
        except ValueError:
            raise SnapshotError(f"{self._place}: {name!r} must be a base64 text") from None

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        pairs = self.get(name, list)
        for pair in pairs:
            if not isinstance(pair, list) or [type(part) for part in pair] != [str, str]:
                raise SnapshotError(f"{self._place}: {name!r} must hold pairs of texts, not {_told(pair)}")
        return tuple((first, second) for first, second in pairs)

    def rows(self, name: str) -> list[_Reader]:
        return [_Reader(each, f"{self._place}, {name} {number}") for number, each in enumerate(self.get(name, list))]


_NAMES: dict[type, str] = {
    str: "a text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


def _told(value: object) -> str:
    return "missing" if value is None else orjson.dumps(value).decode()[:40]


def _decode_tenant(tenant: _Reader) -> TenantState:
    records = [
        Record(
            row.get("kind", str),
            row.get("id", str),
            row.get("data", dict),
            row.pairs("keys"),
            row.get("search", str),
            row.get("archived", bool),
        )
        for row in tenant.rows("records")
    ]
    _distinct("records", [(record.kind, record.id) for record in records])
    _distinct("unique keys", [(record.kind, *key) for record in records for key in set(record.keys)])
    named = tenant.get("counters", dict)
    counters = _Reader(named, "counters")
    answers = [(row.get("key", str), _decode_answer(row)) for row in tenant.rows("answers")]
    _distinct("answers", [key for key, _ in answers])
    return TenantState(records, {name: counters.get(name, int) for name in named}, dict(answers))


def _decode_answer(row: _Reader) -> Remembered:
    return Remembered(
        row.get("fingerprint", str),
        row.get("status", int),
        row.pairs("headers"),
        row.content("body"),
        row.number("expires_at"),
    )


def _decode_window(row: _Reader) -> tuple[str, int, int, float]:
    return row.get("key", str), row.get("seconds", int), row.get("used", int), row.number("ends_at")


def _decode_delivery(row: _Reader) -> tuple[Delivery, tuple[Attempt, ...]]:
    state = row.get("state", str)
    if state not in get_args(DeliveryState):
        raise SnapshotError(f"a delivery's state must be one of {', '.join(get_args(DeliveryState))}, not {state!r}")
    delivery = Delivery(
        id=row.get("id", str),
        api=row.get("api", str),
        tenant=row.get("tenant", str),
        subscription_id=row.get("subscription_id", str),
        event=row.get("event", str),
        payload=row.content("payload"),
        attempt=row.get("attempt", int),
        next_at=row.number("next_at"),
        state=cast("DeliveryState", state),
        created_at=row.number("created_at"),
    )
    attempts = tuple(
        Attempt(
            delivery.id,
            each.get("number", int),
            each.number("at"),
            each.optional("status", int),
            each.optional("error", str),
            each.number("seconds"),
        )
        for each in row.rows("attempts")
    )
    return delivery, attempts


def _distinct(what: str, names: list[Any]) -> None:
    seen: set[Any] = set()
    for name in names:
        if name in seen:
            raise SnapshotError(f"the snapshot's {what} are not distinct: {name!r} is there twice")
        seen.add(name)
