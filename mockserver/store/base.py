"""What the rest of the product may ask of its state: records, unique keys, counters, memory, outbox.

The store knows tenants and no vendor. Three implementations (`memory`, `sqlite`, `postgres`) keep the same promises,
and one suite (`tests/store`) tries them all.

Transactions of a tenant take turns: from its first access to its end a transaction is alone in its tenant, in all
processes that share the store. In memory and in a file they take turns over all tenants, and no access suspends, unless
another transaction is held open across an `await` of something else: then it waits for that one's end. So never use a
second transaction, `hit`, `attempted` or `reset` inside one of the same task that has been used already: it would wait
for itself (the SQL stores raise RuntimeError instead).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from mockserver.store.commons import Commons

Archived = bool | None
"""Which records: False = live ones, True = archived ones, None = both."""
Operator = Literal["eq", "ne", "ge", "le", "has", "in"]
DeliveryState = Literal["pending", "delivered", "failed", "cancelled"]

FINISHED_KEPT = 1000
"""Finished deliveries (all but pending ones) that are kept per tenant with their attempts: see `Store`."""

_UNUSABLE_IN_FIELDS = frozenset("\"'\\?%") | {chr(code) for code in range(32)}


class StoreError(Exception):
    """The state cannot be opened, read or written. The text names the file or database, what is wrong, the way out."""


class KeyTaken(Exception):
    """`put` of a unique key that another record of the same tenant and kind holds. Nothing was changed."""

    def __init__(self, name: str, value: str, holder_id: str) -> None:
        super().__init__(f"{name} {value!r} is already held by record {holder_id!r}")
        self.name = name
        self.value = value
        self.holder_id = holder_id


@dataclass(slots=True)  # Not frozen: every request makes one, and that would take three times as long.
class Record:
    """One JSON object of a tenant, never changed. The store keeps a deep copy of `data` and hands out fresh ones.

    `data` is JSON: string keys, 64-bit numbers, no lone surrogates. `keys` are (name, normalised value), each
    unique within (tenant, kind, name). `search` is the text that `Query.search` looks into, folded by the caller:
    up to ten thousand characters, for PostgreSQL has no room in its index for many more.
    `seq` is the order of insertion within (tenant, kind): given at the first `put`, kept by later ones, and
    ignored in `put`.
    """

    kind: str
    id: str
    data: dict[str, Any]
    keys: tuple[tuple[str, str], ...] = ()
    search: str = ""
    archived: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on one member of `data`: a top-level name or a dotted path ("current_stage.slug").

    JSON equality: 1 equals 1.0, true is not 1. A missing or null member matches `eq None` and nothing else
    (neither `ne` nor `in`). `ge` and `le` compare numbers with numbers, strings with strings (by code point),
    booleans with booleans, and match nothing else. `has`: the member is a list that contains the value. `in`: the
    member equals one of the values. Values are strings, numbers, booleans or None; for `in` a collection of those.
    TypeError for other values, ValueError for a field that cannot be looked up.
    """

    field: str
    op: Operator
    value: Any

    def __post_init__(self) -> None:
        check_field(self.field)
        if self.op == "in":
            if isinstance(self.value, str) or not isinstance(self.value, Collection):
                raise TypeError(f"condition on {self.field!r}: `in` needs a list of values, not {self.value!r}")
            values = tuple(self.value)
        else:
            values = (self.value,)
        for value in values:
            if not isinstance(value, str | int | float | bool | None):
                raise TypeError(f"condition on {self.field!r}: {value!r} is no string, number, boolean or null")


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a kind, in which order, which page.

    Order: the value of `sort` (name or dotted path), then the id, both in the given direction. Booleans come
    before numbers, numbers before strings; strings by code point. Missing and null (lists and objects count as
    null) come last in BOTH directions. `after` = (sort value, id) of the last record seen: the page begins strictly
    after it. `offset` skips from the beginning instead; ValueError for both. `search`: any of these substrings occurs
    literally in `Record.search`; () = no search. `archived`: see Archived.
    """

    kind: str
    where: tuple[Condition, ...] = ()
    search: tuple[str, ...] = ()
    sort: str = "created_at"
    descending: bool = False
    after: tuple[Any, str] | None = None
    limit: int = 20
    offset: int = 0
    archived: Archived = False

    def __post_init__(self) -> None:
        check_field(self.sort)
        if self.limit < 0 or self.offset < 0:
            raise ValueError(f"limit and offset must not be negative: {self.limit}, {self.offset}")
        if self.offset and self.after is not None:
            raise ValueError(f"a page begins after a record or at an offset: {self.after}, {self.offset}")


@dataclass(frozen=True, slots=True)
class Page:
    """`total` counts what matches where, search and archived. `more`: records follow this page."""

    records: tuple[Record, ...]
    total: int
    more: bool


class Remembered(NamedTuple):
    """A stored answer (idempotency). `expires_at` in epoch seconds; from that very moment it is forgotten."""

    fingerprint: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    expires_at: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook on its way. `attempt` = attempts made; `next_at` = when the next is due, in epoch seconds."""

    id: str
    api: str
    tenant: str
    subscription_id: str
    event: str
    payload: bytes
    attempt: int = 0
    next_at: float = 0.0
    state: DeliveryState = "pending"
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: `number` from 1, `at` in epoch seconds, `seconds` taken; `status` None = no answer."""

    delivery_id: str
    number: int
    at: float
    status: int | None
    error: str | None
    seconds: float


class Usage(NamedTuple):
    """A rate window after a hit. `allowed`: this window had room.

    `resets_at`: epoch seconds at which it is free again (of a window without hits: now + seconds).
    A tuple, for every request makes some: a frozen dataclass takes five times as long to make.
    """

    limit: int
    seconds: int
    used: int
    resets_at: float
    allowed: bool


class Transaction(Protocol):
    """Reads and writes of one tenant, all or nothing. Sees its own writes."""

    tenant: str

    async def get(self, kind: str, record_id: str) -> Record | None:
        """The record, archived or not."""

    async def holder(self, kind: str, key_name: str, value: str) -> str | None:
        """Id of the record that holds this unique key."""

    async def holders(self, kind: str, keys: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        """The same of several (name, value), in their order."""

    async def put(self, record: Record) -> None:
        """Insert, or replace the record of this id: data, keys (former ones are released), search, archived.

        `keys=()` releases all; an archived record keeps the keys that it is put with.
        Raises KeyTaken before anything is changed.
        """

    async def list(self, query: Query) -> Page:
        """One page in the query's order."""

    async def scan(
        self,
        kind: str,
        archived: Archived = False,  # noqa: FBT002  # it has three values
        *,
        start: int = 0,
        limit: int | None = None,
    ) -> Iterable[Record]:
        """The records of a kind in order of insertion; from place `start` on, and no more than `limit`."""

    async def count(self, kind: str, archived: Archived = False) -> int:  # noqa: FBT002  # it has three values
        """Number of records of a kind."""

    async def kinds(self, archived: Archived = False) -> dict[str, int]:  # noqa: FBT002  # it has three values
        """Number of records of each kind that has any, by kind."""

    async def counter(self, name: str, delta: int = 0) -> int:
        """Add `delta` to a named counter (0 at first) and return the new value; 0 only reads."""

    async def recall(self, key: str, now: float) -> Remembered | None:
        """What was remembered, unless absent or expired (`now` >= expires_at)."""

    async def remember(self, key: str, value: Remembered) -> None:
        """Keep, or replace, until `value.expires_at`."""

    async def try_lock(self, name: str) -> bool:
        """Hold a name of this tenant until the transaction ends. False if another transaction holds it.

        Never waits and, in an unused transaction, does not begin its turn: so it tells of a request in flight.
        """

    async def enqueue(self, delivery: Delivery) -> None:
        """Put into the outbox, visible after commit. An id already there is replaced (to cancel or retry)."""

    def undo(self) -> None:
        """Roll back at the end, silently (dry runs)."""


class Store(Protocol):
    """State of all tenants.

    Of a tenant's finished deliveries the FINISHED_KEPT that were enqueued last are kept, and a few hundred more at
    most; older ones are forgotten, their attempts with them. Pending ones are always kept.
    """

    on_enqueue: Callable[[], None] | None
    """Called after each commit that put deliveries into the outbox."""

    poll_seconds: float
    """How often to look for deliveries that another process has put into the outbox; infinite if none can."""

    commons: Commons | None
    """What others share who use this state at the same time; None if none can."""

    def transaction(self, tenant: str) -> AbstractAsyncContextManager[Transaction]:
        """Commits at exit; an exception, or `undo`, rolls everything back."""

    async def hit(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        """Count one hit in all windows (limit, seconds) if each has room, else in none.

        A window starts at its first hit and lasts [start, start + seconds). The result has the order of `windows`.
        """

    async def usage(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        """How full the windows are, without counting."""

    async def forget_windows(self, key: str) -> None:
        """Empty all windows of a key: its next hit is its first."""

    async def pending(
        self, now: float, limit: int = 100, passing_over: Collection[tuple[str, str]] = ()
    ) -> list[Delivery]:
        """Pending deliveries with next_at <= now, oldest next_at first, then in order of enqueueing.

        `passing_over`: (tenant, subscription id) of those whose deliveries are left out.
        """

    async def next_due(self) -> float | None:
        """The earliest next_at of all pending deliveries."""

    async def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        """Store the delivery's new attempt, next_at and state, and the attempt.

        Nothing is stored of an unknown delivery (reset in the meantime).
        """

    async def claim(self, delivery: Delivery, seconds: float) -> bool:
        """Before its next attempt: whether it is still pending as it was read, and nobody else is sending it.

        Then nobody else will claim or see it as pending, in any process, until `attempted`, `unclaim`, or so many
        seconds later: whoever dies with a claim delays the attempt, and no more. A store that only one process can use
        leaves it to that process, and always says yes.
        """

    async def unclaim(self, delivery: Delivery) -> None:
        """Let others attempt at once what was claimed and not attempted."""

    async def deliveries(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        """The deliveries of a tenant that are kept, in order of enqueueing, each with its attempts."""

    async def tenants(self) -> list[str]:
        """Tenants with records, counters or deliveries, sorted."""

    async def answers(self, tenant: str, limit: int = 100) -> list[tuple[str, Remembered]]:
        """Remembered answers by their keys, the latest to expire first. An expired one may still be among them."""

    async def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON data: records, keys, counters, answers, rate windows, deliveries with their attempts.

        One consistent moment. Takes time and memory in proportion to what is stored.
        """

    async def restore(self, snapshot: object) -> None:
        """Replace everything by a snapshot, of this or any other store: all of it or, when it raises, nothing.

        SnapshotError if it is none. Records keep their order of insertion, not the numbers in `seq`.
        """

    async def reset(self, tenant: str | None = None) -> None:
        """Forget a tenant; None forgets everything, rate windows included, of which no tenant is known."""

    async def close(self) -> None:
        """Release files. May be called twice."""


def check_field(field: str) -> None:
    """ValueError unless `field` is a member's name or a dotted path that every store can look up."""
    if not all(field.split(".")) or not _UNUSABLE_IN_FIELDS.isdisjoint(field):
        raise ValueError(f"{field!r} is no field: write names with dots between, without quotes, \\, ? or %")
