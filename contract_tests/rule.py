"""Rules: every promise of a contract with its sentence, where it comes from, and how it is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mockserver.contract import Contract, Operation, Source, source_of

if TYPE_CHECKING:
    from .lab import Lab

Status = Literal["kept", "broken", "not-checked"]
#: Tries a rule: returns if it was kept, raises Broken or NotChecked otherwise.
Attempt = Callable[["Lab", Operation], None]
Selector = Callable[[Contract, Operation], bool]
SourceOf = Callable[[Contract, Operation], Source]


class Broken(AssertionError):
    """The promise is broken: what was expected, and what came instead. The requests are in the lab's trace."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got


class NotChecked(Exception):  # a verdict, not a mistake
    """The rule cannot be tried here, and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise. `id` is API/operation/kind-name; `operation` is the operation that it is tried at."""

    id: str
    kind: str
    says: str
    source: Source
    operation: Operation
    attempt: Attempt

    @property
    def level(self) -> str:
        return self.source.level

    @property
    def tried_by(self) -> str:
        """The function that tries it, as module:name."""
        return f"{self.attempt.__module__.rpartition('.')[2]}:{self.attempt.__name__}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a rule. `curl` are the requests that show a broken one, as lines for a shell."""

    rule: Rule
    status: Status
    detail: str = ""
    curl: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Promise:
    name: str
    says: str
    on: Selector
    source: SourceOf
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of promises; its module decorates one function with `promise` for each."""

    name: str
    promises: list[_Promise] = field(default_factory=list)

    def promise(self, name: str, says: str, *, on: Selector, source: SourceOf) -> Callable[[Attempt], Attempt]:
        """Declare the rule API/operation/kind-name for each operation that `on` selects.

        `says` is its sentence and may use {operation}, {method} and {path}.
        """

        def declare(attempt: Attempt) -> Attempt:
            self.promises.append(_Promise(name, says, on, source, attempt))
            return attempt

        return declare

    def rules(self, contract: Contract) -> Iterator[Rule]:
        for promise in self.promises:
            for operation in contract.operations.values():
                if promise.on(contract, operation):
                    said = promise.says.format(operation=operation.id, method=operation.method, path=operation.path)
                    rule_id = f"{contract.name}/{operation.id}/{self.name}-{promise.name}"
                    yield Rule(
                        rule_id, self.name, said, promise.source(contract, operation), operation, promise.attempt
                    )


# Which operations a promise is made for.


def only(*names: str) -> Selector:
    """The operations named `api/operationId`, such as mega/createLead."""
    return lambda contract, operation: f"{contract.name}/{operation.id}" in names


def where(condition: Callable[[Operation], object]) -> Selector:
    """The operations, of any API, of which this holds."""
    return lambda _contract, operation: bool(condition(operation))


def once(condition: Callable[[Operation], object] = lambda _: True) -> Selector:
    """The first operation of each API of which this holds, for promises that are made once for the whole API."""

    def is_first(contract: Contract, operation: Operation) -> bool:
        return next(filter(condition, contract.operations.values()), None) is operation

    return is_first


# Where a promise comes from.


def own(*path: str) -> SourceOf:
    """Where the operation, or the part of it at this path below it, comes from."""

    def find(contract: Contract, operation: Operation) -> Source:
        return source_of(contract, "/".join((operation.pointer, *path)))

    return find


def by_api(**sources: SourceOf) -> SourceOf:
    """Another source for each API, by its name."""
    return lambda contract, operation: sources[contract.name](contract, operation)


def named(*names: str) -> SourceOf:
    """The first of these named sources that the contract has."""

    def find(contract: Contract, _operation: Operation) -> Source:
        known: Sequence[Source] = [contract.named_sources[name] for name in names if name in contract.named_sources]
        if not known:
            raise LookupError(f"{contract.name} has no source named {' or '.join(names)}")
        return known[0]

    return find


def assumed(decision: str, says: str) -> SourceOf:
    """A decision where the vendor is silent, under its number."""
    source = Source("assumed", decision=decision, says=says)
    return lambda _contract, _operation: source


def page(name: str, says: str) -> SourceOf:
    """What the vendor says on a page of its own."""
    source = Source("vendor-page", page=name, says=says)
    return lambda _contract, _operation: source
