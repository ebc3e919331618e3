"""Several servers on one database, and what their users send them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import httpx

from mockserver.tenants import DEMOS
from tests.serving import Serving

MEGA = "/api/agents/crm"
SALESIQ = "/api"
Send = Callable[..., Awaitable[httpx.Response]]


def mega(customer: int = 0) -> Mapping[str, str]:
    """The headers of one of MEGA's demo customers."""
    demo = DEMOS["mega"][customer]
    return {"authorization": f"Bearer {next(iter(demo.secrets))}", "x-customer-id": demo.id}


def salesiq() -> Mapping[str, str]:
    return {"x-api-key": next(iter(DEMOS["salesiq"][0].secrets))}


class Team:
    """So many `leadmock serve` on one database, each a process of its own, as on several machines."""

    def __init__(self, url: str, *options: str, size: int = 4) -> None:
        self._stack = ExitStack()
        with ThreadPoolExecutor(size) as threads:
            started = [threads.submit(Serving, "--database", url, "--log", "off", *options) for _ in range(size)]
        self.servers = [self._stack.enter_context(each.result()) for each in started]

    def at_once(
        self, requests: Sequence[Mapping[str, Any]], headers: Mapping[str, str], first: int = 0
    ) -> list[httpx.Response]:
        """Send all at the same time, to one server after the other, beginning with `first`."""

        async def send() -> list[httpx.Response]:
            async with httpx.AsyncClient(
                headers=dict(headers), timeout=60, limits=httpx.Limits(max_connections=32)
            ) as client:
                return await asyncio.gather(*(self._send(client, at, each) for at, each in enumerate(requests, first)))

        return asyncio.run(send())

    async def _send(self, client: httpx.AsyncClient, at: int, request: Mapping[str, Any]) -> httpx.Response:
        origin = self.servers[at % len(self.servers)].origin
        given = dict(request)
        return await client.request(given.pop("method", "POST"), origin + given.pop("path"), **given)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
