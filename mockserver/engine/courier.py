"""Carries one webhook to its receiver: to a checked address, over verified TLS, following nothing."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx

from mockserver.engine.addresses import Resolver, Target, UnsafeAddressError, parse, resolve, safe_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT = "leadmock"
"""The product in the User-Agent of every delivery, whatever the version that follows it."""

_DRAIN_BYTES = 65_536
_DRAIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one POST: the receiver's status, or None and the reason why there is none."""

    status: int | None
    error: str | None = None


class Carrier(Protocol):
    """What takes a webhook to its receiver."""

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes, seconds: float) -> Answer:
        """POST the exact bytes, with `seconds` for all of it. Never raises."""

    async def close(self) -> None:
        """Release connections."""


def is_delivery(user_agent: str) -> bool:
    """Whether whoever calls itself so is a courier of ours."""
    return user_agent.partition("/")[0].strip().lower() == AGENT


class Courier:
    """Posts payloads. May be used again after `close`. `version` of the product stands in the User-Agent."""

    def __init__(self, *, allow_loopback: bool, version: str = "", resolver: Resolver = resolve) -> None:
        self._allow_loopback = allow_loopback
        self._headers = {
            "content-type": "application/json",
            "user-agent": f"{AGENT}/{version}" if version else AGENT,
            "connection": "close",
        }
        self._resolver = resolver
        self._transports: dict[str, httpx.AsyncBaseTransport] = {}

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes, seconds: float) -> Answer:
        """POST the exact bytes, with `seconds` for all of it, the name's look-up included. Never raises."""
        try:
            target = parse(url, allow_loopback=self._allow_loopback)
            self._transport(target.scheme)  # Made now, so that its making does not cost the receiver time.
            async with asyncio.timeout(seconds):
                addresses = await safe_addresses(target, self._resolver)
                return Answer(await self._first(target, addresses, headers, payload, seconds))
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, f"no answer within {seconds:g} s")
        except UnsafeAddressError as refusal:
            return Answer(None, str(refusal))
        except Exception as error:  # noqa: BLE001 - whatever happens is this attempt's result.
            return Answer(None, f"{type(error).__name__}: {error}".rstrip(": "))

    async def close(self) -> None:
        while self._transports:
            await self._transports.popitem()[1].aclose()

    async def _first(
        self,
        target: Target,
        addresses: tuple[str, ...],
        headers: Mapping[str, str],
        payload: bytes,
        seconds: float,
    ) -> int:
        # A name may have an address that does not listen (localhost as ::1): the next one gets its chance.
        connect = seconds / len(addresses)
        for address in addresses[:-1]:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await self._send(target, address, headers, payload, connect)
        return await self._send(target, addresses[-1], headers, payload, connect)

    async def _send(
        self,
        target: Target,
        address: str,
        headers: Mapping[str, str],
        payload: bytes,
        connect: float,
    ) -> int:
        # The URL holds the checked address, so nothing is looked up again. Host and SNI keep the name: it is
        # the name that the certificate has to be for.
        request = httpx.Request(
            "POST",
            httpx.URL(scheme=target.scheme, host=address, port=target.port, raw_path=target.path.encode()),
            headers={**headers, **self._headers, "host": target.authority},
            content=payload,
            extensions={
                "sni_hostname": target.host,
                "timeout": httpx.Timeout(None, connect=connect).as_dict(),
            },
        )
        response = await self._transport(target.scheme).handle_async_request(request)
        try:
            # Closing early would reset a receiver that still writes; an endless one is cut.
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(_DRAIN_SECONDS):
                    await _drain(response)
        finally:
            await response.aclose()
        return response.status_code

    def _transport(self, scheme: str) -> httpx.AsyncBaseTransport:
        # A bare transport: a client would keep cookies, follow redirects, and heed the environment's proxies.
        transport = self._transports.get(scheme)
        if transport is None:
            # Reading the world's certificates takes tens of milliseconds: not for a receiver on loopback,
            # whose context trusts nobody.
            secure = scheme == "https"
            transport = self._transports[scheme] = httpx.AsyncHTTPTransport(
                verify=httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                # A kept connection is found by its address: it may have been checked for another name.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return transport


async def _drain(response: httpx.Response) -> None:
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > _DRAIN_BYTES:
            return
