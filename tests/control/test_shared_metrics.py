"""Figures of several processes on one database: summed, kept when one ends, and lost by no failure."""

from __future__ import annotations

import asyncio

import pytest

from mockserver.engine.sender import AttemptReport
from mockserver.metrics import SharedMetrics
from mockserver.store import Store, StoreError, open_store
from tests.postgres import cluster

_ATTEMPT = AttemptReport("mega", "t", "lead.created", "x", 1, 1, 200, None, "delivered", None)


def _told(number: int) -> str:
    return f'leadmock_webhook_attempts_total{{api="mega",event="lead.created",outcome="delivered"}} {number}\n'


def _metrics(store: Store) -> SharedMetrics:
    assert store.commons is not None
    return SharedMetrics(store.commons.tally)


async def _exposition(metrics: SharedMetrics) -> str:
    return (await metrics.whole()).exposition({}, {})


def test_what_a_process_has_counted_outlives_it() -> None:
    async def play() -> None:
        url = cluster().fresh()
        one, other = open_store(url), open_store(url)
        ended, asked = _metrics(one), _metrics(other)
        ended.start()
        ended.count_attempt(_ATTEMPT)
        ended.count_attempt(_ATTEMPT)
        await ended.stop()
        await one.close()
        asked.count_attempt(_ATTEMPT)
        assert _told(3) in await _exposition(asked)
        assert _told(3) in await _exposition(asked)
        await other.close()

    asyncio.run(play())


def test_what_cannot_be_shared_is_shared_later() -> None:
    async def play() -> None:
        url = cluster().fresh()
        store, away = open_store(url), open_store(url)
        await away.close()
        metrics = _metrics(away)
        metrics.count_attempt(_ATTEMPT)
        with pytest.raises(StoreError):
            await metrics.whole()
        metrics.count_attempt(_ATTEMPT)
        back = _metrics(store)
        back.add(metrics.take())
        assert _told(2) in await _exposition(back)
        await store.close()

    asyncio.run(play())
