"""The way to the real API: each request once, as it came, and the answer as it comes."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import httpx

from mockserver.proxy.exchange import READABLE, Answer, Headers, Request

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
#: Those that end a request.
STATUSES = range(200, 600)

# Shorter than any server keeps an idle connection: a request must not be lost on one that is just being closed.
_IDLE_SECONDS = 1.0


class NoAnswerError(Exception):
    """The API gave no complete answer; the text says why. `timed_out`: it had its time."""

    def __init__(self, text: str, *, timed_out: bool = False) -> None:
        super().__init__(text)
        self.timed_out = timed_out


def end_to_end(headers: Headers) -> Headers:
    """Without what concerns one connection only."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == "connection" for word in value.split(",")
    }
    dropped = _HOP_BY_HOP | named
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)


def readable(headers: Headers) -> Headers:
    """With the API asked for no packing that could not be looked into."""
    return tuple((name, _readable_of(value) if name.lower() == "accept-encoding" else value) for name, value in headers)


def _readable_of(value: str) -> str:
    kept = [part for part in value.split(",") if part.partition(";")[0].strip().lower() in READABLE]
    return ",".join(kept).strip() or "identity"


class Upstream:
    """Where the API is: an origin, and maybe a path before the contract's own. Redirects are not followed.

    `insecure`: its certificate is not verified. `seconds` is what it has for a whole answer of `most_bytes` at most.
    """

    def __init__(self, url: str, *, insecure: bool = False, seconds: float = 30.0, most_bytes: int = 1 << 26) -> None:
        parts = urlsplit(url)
        self.url = url
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._insecure = insecure
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def open(self) -> None:
        """To be called in the loop in which requests are sent."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=_IDLE_SECONDS)
        # To load certificates takes a while, and only https needs them.
        verify = self._origin.startswith("https:") and not self._insecure
        self._transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    async def __call__(self, request: Request) -> Answer:
        """Send a request. Raises NoAnswerError."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._send(request)
        except TimeoutError:
            raise NoAnswerError(f"no complete answer within {self._seconds:g} seconds", timed_out=True) from None
        except httpx.TimeoutException:
            raise NoAnswerError(f"no connection within {self._seconds:g} seconds", timed_out=True) from None
        except ssl.SSLError as error:
            raise NoAnswerError(_of_tls(str(error))) from None
        except httpx.ConnectError as error:
            text = str(error) or "no connection"
            raise NoAnswerError(_of_tls(text) if "SSL" in text or "certificate" in text else text) from None
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            raise NoAnswerError(f"the connection failed before the answer was complete: {error}") from None

    async def _send(self, request: Request) -> Answer:
        assert self._transport is not None, "open() comes first"  # noqa: S101  # a mistake of ours, never of a user
        headers = [("Host", self._host), *readable(end_to_end(request.headers))]
        if request.body and not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(request.body))))  # it came in chunks
        sent = httpx.Request(
            request.method,
            self._origin,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            # A stream, since that adds no header of its own.
            stream=httpx.ByteStream(request.body),
            extensions={
                "target": (self._prefix + request.target).encode("latin-1"),
                "timeout": httpx.Timeout(self._seconds).as_dict(),
            },
        )
        sent.method = request.method  # as it came, in its own letter case
        response = await self._transport.handle_async_request(sent)
        try:
            chunks, size = [], 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > self._most_bytes:
                    raise NoAnswerError(f"the answer has more than {self._most_bytes} bytes")
                chunks.append(chunk)
        finally:
            await response.aclose()
        if response.status_code not in STATUSES:
            raise NoAnswerError(f"it answered {response.status_code}, which is the status of no answer in HTTP")
        raw = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        return Answer(response.status_code, end_to_end(raw), b"".join(chunks))


def _of_tls(text: str) -> str:
    return f"its certificate is not accepted ({text}); --insecure goes on without verifying it"
