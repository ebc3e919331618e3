"""Carries one webhook to its receiver: to a checked address, over verified TLS, following nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from mockserver.engine.addresses import Resolver, Target, UnsafeAddressError, parse, resolve, safe_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

_DRAIN_BYTES = 65_536
_DRAIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one POST: the receiver's status, or None and the reason why there is none."""

    status: int | None
    error: str | None = None


class Courier:
    """Posts payloads. Opens its client at the first post; `close` may be followed by another post."""

    def __init__(self, *, allow_loopback: bool, user_agent: str, resolver: Resolver = resolve) -> None:
        self._allow_loopback = allow_loopback
        self._headers = {
            "content-type": "application/json",
            "user-agent": user_agent,
            "connection": "close",
        }
        self._resolver = resolver
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes, seconds: float) -> Answer:
        """POST the exact bytes, with `seconds` for all of it, the name's look-up included. Never raises."""
        try:
            async with asyncio.timeout(seconds):
                target = parse(url, allow_loopback=self._allow_loopback)
                addresses = await safe_addresses(target, self._resolver)
                return Answer(await self._first(target, addresses, headers, payload, seconds))
        except TimeoutError:
            return Answer(None, f"no answer within {seconds:g} s")
        except UnsafeAddressError as refusal:
            return Answer(None, str(refusal))
        except Exception as error:  # noqa: BLE001 - whatever happens is this attempt's result.
            return Answer(None, f"{type(error).__name__}: {error}".rstrip(": "))

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

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
                return await self._send(self._request(target, address, headers, payload, connect))
        return await self._send(self._request(target, addresses[-1], headers, payload, connect))

    def _request(
        self,
        target: Target,
        address: str,
        headers: Mapping[str, str],
        payload: bytes,
        connect: float,
    ) -> httpx.Request:
        # The URL holds the checked address, so nothing is looked up again. Host and SNI keep the name: it is
        # the name that the certificate has to be for.
        return self._open().build_request(
            "POST",
            httpx.URL(scheme=target.scheme, host=address, port=target.port, raw_path=target.path.encode()),
            headers={**self._headers, **headers, "host": target.authority},
            content=payload,
            timeout=httpx.Timeout(None, connect=connect),
            extensions={"sni_hostname": target.host},
        )

    async def _send(self, request: httpx.Request) -> int:
        response = await self._open().send(request, stream=True)
        try:
            # Closing early would reset a receiver that still writes; an endless one is cut.
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(_DRAIN_SECONDS):
                    await _drain(response)
        finally:
            await response.aclose()
        return response.status_code

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            # No proxy (trust_env) and no kept connection: either would reach a receiver past the check of its
            # address and of its certificate's name.
            self._client = httpx.AsyncClient(
                trust_env=False,
                verify=httpx.create_ssl_context(trust_env=True),
                follow_redirects=False,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client


async def _drain(response: httpx.Response) -> None:
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > _DRAIN_BYTES:
            return
