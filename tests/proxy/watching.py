"""A proxy between a client and an implementation, all of them on real sockets."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import httpx

from mockserver.contract import load
from mockserver.proxy.app import Proxy
from mockserver.proxy.report import Reporter
from mockserver.proxy.session import Session, Wanted
from mockserver.proxy.upstream import Upstream
from tests.contract_suite.served import served
from tests.implementations.workshop import Change, implementation

#: (status, headers, body) of an answer, and the same spoiled.
Answer = tuple[int, dict[str, str], bytes]
Spoil = Callable[[Answer], Answer]


@dataclass
class Watched:
    """`url` is where the API begins at the proxy, `headers` are those of a credential that the API knows."""

    url: str
    headers: dict[str, str]
    session: Session
    out: io.StringIO

    @property
    def broken(self) -> dict[str, list[str]]:
        """What was wrong, by promise, without the name of the API."""
        return {one.promise.id.partition("/")[2]: list(one.shown) for one in self.session.ledger if one.broken}

    @property
    def of_the_api(self) -> dict[str, list[str]]:
        return {name: shown for name, shown in self.broken.items() if "/api-" in name}

    def tested(self, promise: str) -> int:
        """How often a promise was put to the test."""
        return sum(one.tested for one in self.session.ledger if one.promise.id.endswith(promise))

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call with the credential; a header given as None is left out."""
        given = {**self.headers, **options.pop("headers", {})}
        headers = {name: value for name, value in given.items() if value is not None}
        return httpx.request(method, self.url + path, headers=headers, timeout=30, **options)


def reporter() -> Reporter:
    return Reporter(lambda part: import_module(f"contract_tests.{part}"))


@contextmanager
def watched(api: str, app: Any, headers: dict[str, str], *, seconds: float = 30, **wanted: Any) -> Iterator[Watched]:
    """The proxy in front of an application."""
    with served(app) as origin, in_front_of(api, origin, headers, seconds=seconds, **wanted) as found:
        yield found


@contextmanager
def in_front_of(
    api: str, origin: str, headers: dict[str, str], *, seconds: float = 30, insecure: bool = False, **wanted: Any
) -> Iterator[Watched]:
    """The proxy in front of whatever is at an address."""
    contract, out = load(api), io.StringIO()
    session = Session(contract, Wanted(**wanted), reporter().cite, out)
    try:
        with served(Proxy(contract, Upstream(origin, seconds=seconds, insecure=insecure), session)) as front:
            yield Watched(front + contract.base_path, headers, session, out)
    finally:
        session.close()


def small(api: str, changes: tuple[Change, ...] = ()) -> tuple[Any, dict[str, str]]:
    """A small implementation, and the headers of its first credential."""
    module = implementation(api, changes)
    contract, key = load(api), module.KEYS[0]
    scheme = next(iter(contract.security.values()))
    headers = {scheme.header: f"Bearer {key.secret}" if scheme.kind == "bearer" else key.secret}
    if contract.tenancy.header:
        headers[contract.tenancy.header] = key.tenant
    return module.application(), headers


def spoiled(app: Any, spoil: Spoil) -> Any:
    """The application with each answer of its own changed."""

    async def other(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        kept: list[Any] = []

        async def keep(message: Any) -> None:
            kept.append(message)

        await app(scope, receive, keep)
        headers = {name.decode().lower(): value.decode() for name, value in kept[0]["headers"]}
        body = b"".join(one.get("body", b"") for one in kept[1:])
        status, headers, body = spoil((kept[0]["status"], headers, body))
        headers.pop("content-length", None)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return other
