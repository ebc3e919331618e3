"""Recorded exchanges as a fixture: an ASGI application that answers as the API once did."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.types import Receive, Scope, Send

from mockserver.contract.loader import load
from mockserver.contract.model import Contract
from mockserver.proxy.asgi import ClientGoneError, TooLargeError, own_answer, request_of, send_answer
from mockserver.proxy.exchange import Answer, Request
from mockserver.proxy.matching import Asked, Tape, asked
from mockserver.proxy.recording import Recorded, RecordingError, read
from mockserver.proxy.upstream import end_to_end

#: Says of an answer where it is from: the line of the recording, or that there is none.
MARK = "leadmock-replay"

_NOT_FOUND, _TOO_LARGE = 404, 413
_TOLD = 3


@dataclass(slots=True)
class Replayed:
    """One request and its answer, as the request log tells it."""

    api: str
    method: str
    path: str
    query: str = ""
    status: int = 0
    operation: str = ""
    tenant: str = ""
    outcome: str = ""
    seconds: float = 0.0


class Replay:
    """Answers recorded requests, whatever their credential. `contracts` are those of the recorded APIs."""

    def __init__(
        self,
        path: Path,
        *,
        apis: Sequence[str] = (),
        observe: Callable[[Replayed], None] | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        """Raises RecordingError for a file that is no recording, or has none of `apis` (none: all there are)."""
        recorded = read(path)
        there = list(dict.fromkeys(one.api for one in recorded))
        if missing := [api for api in apis if api not in there]:
            raise RecordingError(f"--replay {path}: holds nothing of {missing[0]}, only of {', '.join(there)}")
        wanted = [one for one in recorded if not apis or one.api in apis]
        self.contracts: Mapping[str, Contract] = {api: load(api) for api in there if not apis or api in apis}
        self.count = len(wanted)
        self._path = path
        self._tape = Tape([(one, self._asked(self.contracts[one.api], one)) for one in wanted])
        self._observe = observe
        self._on_ready = on_ready

    @staticmethod
    def _asked(contract: Contract, recorded: Recorded) -> Asked:
        return asked(contract, recorded.request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        started, contract = time.perf_counter(), self._contract_of(scope["path"])
        exchange = Replayed(contract.name, scope["method"], scope["path"])
        try:
            request = await request_of(scope, receive)
            answer = self._answer(contract, request, exchange)
        except ClientGoneError:
            return
        except TooLargeError:
            exchange.outcome = "refused: too large"
            answer = own_answer(contract, _TOO_LARGE, "No recorded request is as large", (MARK, "not-recorded"))
        await send_answer(send, scope["method"], answer)
        exchange.status, exchange.seconds = answer.status, time.perf_counter() - started
        if self._observe is not None:
            self._observe(exchange)

    def _answer(self, contract: Contract, request: Request, exchange: Replayed) -> Answer:
        one = asked(contract, request)
        found = self._tape.find(one)
        if found is None:
            text = f"{one.method} {one.path[:200]} with this query and body was not recorded in {self._path.name}; "
            text += self._tape.nearest(one)
            exchange.outcome = f"not recorded: {text}"
            return own_answer(contract, _NOT_FOUND, text, (MARK, "not-recorded"))
        line = f"line {found.recorded.line}"
        exchange.operation = found.recorded.operation
        exchange.outcome = f"replayed {line}"
        if found.differs:
            exchange.outcome += f", next of its form; it differs at {', '.join(found.differs[:_TOLD])}"
        answer = found.recorded.answer
        # Its length is worked out anew, and an edited one may be none.
        headers = tuple(pair for pair in end_to_end(answer.headers) if pair[0].lower() != "content-length")
        return Answer(answer.status, (*headers, (MARK, line)), answer.body)

    def _contract_of(self, path: str) -> Contract:
        """The API that a path belongs to, or else the first: its form of errors is as good as any."""
        fitting = [one for one in self.contracts.values() if path.startswith(f"{one.base_path}/")]
        return max(fitting, key=lambda one: len(one.base_path), default=next(iter(self.contracts.values())))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._on_ready is not None:
            self._on_ready()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
