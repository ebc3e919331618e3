"""The judge: every promise that an exchange puts to the test, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mockserver.contract.model import Contract
from mockserver.proxy import of_answers, of_requests
from mockserver.proxy.envelopes import complaints
from mockserver.proxy.exchange import Exchange, Request, UnreadableError, unpacked
from mockserver.proxy.held import Held, held_routes
from mockserver.proxy.promises import Problem, Promise, Side, promises
from mockserver.proxy.sequences import Sequences

_ERROR = 400


@dataclass(frozen=True, slots=True)
class Tested:
    """A promise that an exchange put to the test; it is broken if there are problems."""

    promise: Promise
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """All that one exchange says. `operation` is empty where the request went to none; `ours` is whether it went to
    this API at all.
    """

    operation: str
    tested: tuple[Tested, ...]
    ours: bool = True


class Judge:
    """Judges the exchanges of one API in the order in which they end.

    `strict`: what is assumed where the vendor is silent is held too. `only` leaves out the promises of the other side.
    Nothing is told that a right client or a right API might have done.
    """

    def __init__(self, contract: Contract, *, strict: bool = False, only: Side | None = None) -> None:
        self.contract = contract
        self.strict = strict
        self.promises: Mapping[str, Promise] = {
            name: one for name, one in promises(contract).items() if only in (None, one.side)
        }
        self._routes, self._held = held_routes(contract, strict=strict)
        self._sequences = Sequences()

    def holds(self, promise: Promise) -> bool:
        """Whether a promise is held at all."""
        return self.strict or promise.source.level != "assumed"

    def __call__(self, exchange: Exchange) -> Ruling:
        request, base = exchange.request, self.contract.base_path
        path = unquote(request.path)
        if not path.startswith(base) or path[len(base) : len(base) + 1] not in {"", "/"}:
            return Ruling("", (), ours=False)
        method = "GET" if request.method == "HEAD" else request.method
        found = None if "%2f" in request.path.lower() else self._routes.find(path)
        if method == "OPTIONS":
            return Ruling("", ())
        if found is None or method not in found[0].plans:
            allow = f"{request.method} is not among its methods, {found[0].allow}" if found else ""
            return Ruling("", tuple(self._of_nothing(exchange, path, allow)))
        route, values = found
        held = self._held[route.plans[method].operation.id]
        named = (
            (f"{self.contract.name}/{held.operation.id}/{name}", problems)
            for name, problems in self._of(exchange, held, request, values)
        )
        return Ruling(held.operation.id, tuple(self._kept(named)))

    def _of(
        self, exchange: Exchange, held: Held, request: Request, values: Mapping[str, str]
    ) -> Iterator[tuple[str, list[Problem] | None]]:
        asked = of_requests.asked(self.contract, held, request, values, strict=self.strict)
        for name, of_request in of_requests.CHECKS.items():
            if self._is_held(held, name):
                yield name, of_request(asked)
        yield "api-answers", [Problem(exchange.failure)] if exchange.answer is None else []
        if exchange.answer is None:
            return
        one = of_answers.answered(asked, exchange.answer)
        for name, of_answer in of_answers.CHECKS.items():
            if self._is_held(held, name):
                yield name, of_answer(one)
        yield from self._sequences.idempotency(one, exchange).items()
        yield from self._sequences.refused(one).items()
        yield "api-rate-limit-countdown", self._sequences.countdown(one, exchange)

    def _is_held(self, held: Held, name: str) -> bool:
        promise = self.promises.get(f"{self.contract.name}/{held.operation.id}/{name}")
        return promise is not None and self.holds(promise)

    def _of_nothing(self, exchange: Exchange, path: str, allow: str) -> Iterator[Tested]:
        """A request to no operation: the client's doing; an error must have the vendor's form all the same."""
        said = f"{path[:200]}: {allow}" if allow else f"there is nothing at {path[:200]}{self._routes.hint(path)}"
        named: list[tuple[str, list[Problem] | None]] = [(f"{self.contract.name}/any/client-path", [Problem(said)])]
        answer = exchange.answer
        if answer is not None and answer.status >= _ERROR and exchange.request.method != "HEAD":
            try:
                texts = complaints(self.contract.errors, answer, unpacked(answer.headers, answer.body))
                named.append((f"{self.contract.name}/any/api-envelope", [Problem(text) for text in texts]))
            except UnreadableError:
                pass
        yield from self._kept(iter(named))

    def _kept(self, named: Iterator[tuple[str, list[Problem] | None]]) -> Iterator[Tested]:
        """Those promises that are held and were put to the test."""
        for name, problems in named:
            promise = self.promises.get(name)
            if promise is not None and problems is not None and self.holds(promise):
                yield Tested(promise, tuple(problems))
