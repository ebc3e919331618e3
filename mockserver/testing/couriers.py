"""How webhooks leave the mock in tests: to this machine or to a route of respx, never to the internet."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx
from respx.models import AllMockedAssertionError

from mockserver.engine.addresses import resolve
from mockserver.engine.courier import AGENT, Answer, Carrier


@dataclass(frozen=True, slots=True)
class Post:
    """One attempt to deliver a webhook: what was sent where, and what came of it."""

    url: str
    headers: Mapping[str, str]
    payload: bytes
    answer: Answer


class Recorder:
    """A courier that keeps what another one posts."""

    def __init__(self, carrier: Carrier) -> None:
        self.posts: list[Post] = []
        self._carrier = carrier

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes, seconds: float) -> Answer:
        answer = await self._carrier.post(url, headers, payload, seconds)
        self.posts.append(Post(url, dict(headers), payload, answer))
        return answer

    async def close(self) -> None:
        await self._carrier.close()


class RoutedCourier:
    """Posts with httpx, so that respx's routes answer. `unanswered` are the URLs that had none, `failures` what routes
    asserted in vain.
    """

    def __init__(self) -> None:
        self.unanswered: list[str] = []
        self.failures: list[AssertionError] = []

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes, seconds: float) -> Answer:
        """Never raises: whatever happens is this attempt's result."""
        sent = {"content-type": "application/json", "user-agent": AGENT, **headers}
        # A route needs no certificates, and reading the world's takes longer than all the rest.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            async with httpx.AsyncClient(verify=nobody, timeout=seconds, trust_env=False) as client:
                return Answer((await client.post(url, content=payload, headers=sent)).status_code)
        except httpx.TimeoutException:
            return Answer(None, f"no answer within {seconds:g} s")
        except AllMockedAssertionError:
            self.unanswered.append(url)
            return Answer(None, "nobody answers there in this test")
        except AssertionError as error:
            self.failures.append(error)
            return Answer(None, f"AssertionError: {error}".rstrip(": "))
        except Exception as error:  # noqa: BLE001  # a receiver may fail in any way
            return Answer(None, f"{type(error).__name__}: {error}".rstrip(": "))

    async def close(self) -> None:
        """Nothing is kept open."""


async def loopback_only(host: str, port: int) -> Sequence[str]:
    """The addresses of this machine's own names. OSError for all others: a test must not send to the internet."""
    if host in {"127.0.0.1", "localhost"}:
        return await resolve(host, port)
    raise OSError(f"the test server sends webhooks to 127.0.0.1 and localhost only, not to {host}")
