"""The proxy: an ASGI application that hands every request on, and every answer back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from starlette.types import Receive, Scope, Send

from mockserver.contract.model import Contract
from mockserver.proxy.asgi import MOST_BYTES, ClientGoneError, TooLargeError, own_answer, request_of, send_answer
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.upstream import NoAnswerError, Upstream

logger = logging.getLogger("leadmock")

#: Marks an answer that is not the API's, but the proxy's own.
MARK = "leadmock-proxy"
_BAD_GATEWAY, _TIMED_OUT, _TOO_LARGE = 502, 504, 413


class Proxy:
    """`observe` gets each exchange as it was, secrets and all, after it has ended."""

    def __init__(
        self,
        contract: Contract,
        upstream: Upstream,
        observe: Callable[[Exchange], None],
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._contract = contract
        self._upstream = upstream
        self._observe = observe
        self._on_ready = on_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        started, at = time.monotonic(), datetime.now().astimezone()
        try:
            request = await request_of(scope, receive)
        except ClientGoneError:
            return
        except TooLargeError:
            text = f"The proxy hands on at most {MOST_BYTES} bytes"
            own = own_answer(self._contract, _TOO_LARGE, text, (MARK, "request-too-large"))
            await send_answer(send, scope["method"], own)
            return
        answer, failure = None, ""
        try:
            answer = await self._upstream(request)
            given = answer
        except NoAnswerError as error:
            failure = f"no answer: {error}"
            status = _TIMED_OUT if error.timed_out else _BAD_GATEWAY
            text = f"The API at {self._upstream.url} gave no answer: {error}"
            given = own_answer(self._contract, status, text, (MARK, "no-answer"))
        exchange = Exchange(request, answer, failure, started, time.monotonic(), at)
        try:
            # Before the client has its answer: what it does next is judged after this.
            self._observe(exchange)
        except Exception:
            logger.exception("%s %s could not be judged", request.method, request.path)
        await send_answer(send, request.method, given)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._upstream.open()
        if self._on_ready is not None:
            self._on_ready()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._upstream.close()
        await send({"type": "lifespan.shutdown.complete"})
