"""A whole state as rows of the SQL tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.store.dialect import Dialect
    from mockserver.store.snapshot import State

    Rows = Iterator[tuple[Any, ...]]


def of(state: State, dialect: Dialect) -> Iterator[tuple[str, str, Rows]]:
    """Each table with its columns and its rows, in the order in which they are to be inserted."""
    yield "records", "tenant, kind, id, data, search, keys, archived", _records(state)
    yield "totals", "tenant, kind, archived, records", _totals(state)
    yield "unique_keys", "tenant, kind, id, name, value", _unique_keys(state, dialect)
    yield "counters", "tenant, name, value", _counters(state)
    yield "remembered", "tenant, key, fingerprint, status, headers, body, expires_at", _answers(state)
    yield "rate_windows", "key, seconds, used, ends_at", iter(state.windows)
    deliveries = "id, api, tenant, subscription_id, event, payload, attempt, next_at, state, created_at"
    yield "deliveries", deliveries, _deliveries(state)
    yield "attempts", "delivery_id, number, at, status, error, seconds", _attempts(state)


def _records(state: State) -> Rows:
    for name, tenant in state.tenants.items():
        for one in tenant.records:
            data, keys = orjson.dumps(one.data).decode(), orjson.dumps(one.keys).decode()
            yield name, one.kind, one.id, data, one.search, keys, int(one.archived)


def _totals(state: State) -> Rows:
    for name, tenant in state.tenants.items():
        for (kind, archived), count in Counter((one.kind, int(one.archived)) for one in tenant.records).items():
            yield name, kind, archived, count


def _unique_keys(state: State, dialect: Dialect) -> Rows:
    for name, tenant in state.tenants.items():
        for one in tenant.records:
            for key, value in dict.fromkeys(one.keys):
                yield name, one.kind, one.id, key, dialect.key(value)


def _counters(state: State) -> Rows:
    for name, tenant in state.tenants.items():
        for counter, value in tenant.counters.items():
            yield name, counter, value


def _answers(state: State) -> Rows:
    for name, tenant in state.tenants.items():
        for key, one in tenant.answers.items():
            headers = orjson.dumps(one.headers).decode()
            yield name, key, one.fingerprint, one.status, headers, one.body, one.expires_at


def _deliveries(state: State) -> Rows:
    for one, _ in state.deliveries:
        yield (
            *(one.id, one.api, one.tenant, one.subscription_id, one.event, one.payload),
            *(one.attempt, one.next_at, one.state, one.created_at),
        )


def _attempts(state: State) -> Rows:
    for _, attempts in state.deliveries:
        for one in attempts:
            yield one.delivery_id, one.number, one.at, one.status, one.error, one.seconds
