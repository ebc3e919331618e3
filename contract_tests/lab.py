"""What a rule is tried with: callers for each kind of credential, fresh data, the search, the webhook receiver."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.strategies import SearchStrategy

from mockserver.contract import Contract, Operation
from mockserver.contract.model import Window

from .caller import Caller
from .fresh import Fresh
from .lag import Lag
from .pace import Pace
from .receiver import Receiver
from .rule import Broken, NotChecked
from .search import Search
from .target import Credential, Target, TargetError
from .trace import Secrets, Trace
from .wire import Answer, Exchange, Request, Wire
from .worlds import WORLDS

_T = TypeVar("_T")
#: Examples of a search where the target limits how much may be sent.
_FEW = 2
#: Examples of a search where nothing else is asked for.
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Options:
    """How to try: `strict` tries what is assumed too, `examples` is how many a search tries at most.

    `patient` waits until a spent limit's minute is over.
    """

    seed: int = 1
    strict: bool = False
    examples: int = EXAMPLES
    rate: Window | None = None
    patient: bool = False


@dataclass
class Lab:
    """One run against one target, to be used in a `with` block. `rule_id` is the rule that is being tried."""

    contract: Contract
    target: Target
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self.fresh = Fresh(plain=not self.strict)
        self.trace = Trace()
        self.secrets = Secrets(self.target.credentials)
        self.pace = Pace(self.options.rate)
        self.wire = Wire(self.target)
        self.world = WORLDS[self.contract.name]
        self.lag = Lag(self)
        self.facts: Mapping[str, Any] = self.target.facts
        self.rule_id = ""
        #: Lines for a shell that show the failure, where the trace does not.
        self.shown: tuple[str, ...] = ()
        self._open = ExitStack()
        self._once: dict[object, tuple[Any, list[Exchange]]] = {}

    def __enter__(self) -> Self:
        self._open.enter_context(self.wire)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def greet(self) -> None:
        """See that the target answers at all, and knows one of the credentials. Raises TargetError."""
        operations = [one for one in self.contract.operations.values() if "{" not in one.path and not one.public]
        refusals = []
        for credential in self.target.credentials:
            for operation in operations:
                # Without a body, so that it creates nothing.
                answer = Caller(self, credential)(operation.id)
                # A 404 in JSON is the API's own: a finding, and no wrong address.
                elsewhere = answer.status == 404 and not answer.body.startswith(b"{")
                if answer.status not in {401, 403} and not elsewhere:
                    self.trace.clear()
                    return
                refusals.append(answer.status)
        first = operations[0]
        where = f"{self.target.name}: {first.method} {self.contract.base_path}{first.path}"
        if set(refusals) == {404}:
            hint = f"check the url: it stands for the origin, without {self.contract.base_path}"
            raise TargetError(f"{where} and all others answer 404; {hint}")
        names = ", ".join(one.name for one in self.target.credentials)
        raise TargetError(f"{where} answers {refusals[0]}: the target refuses every credential ({names}); check them")

    @property
    def strict(self) -> bool:
        return self.options.strict

    @property
    def seed(self) -> int:
        """The seed of the rule that is being tried: the same whichever others are tried."""
        return zlib.crc32(f"{self.options.seed} {self.rule_id}".encode())

    @property
    def frugal(self) -> bool:
        """Whether the main key is limited, so that little may be sent."""
        return not self.credential.unlimited

    # Who asks.

    @property
    def credential(self) -> Credential:
        return self.target.credentials[0]

    @property
    def main(self) -> Caller:
        """The main credential."""
        return Caller(self, self.credential)

    def nobody(self) -> Caller:
        """No credential at all."""
        return Caller(self, None)

    def other_tenant(self, *scopes: str) -> Caller:
        """A credential of another tenant, with these scopes. Raises NotChecked where there is none."""
        return self._find(
            f"a second {self.contract.tenancy.noun}'s credential",
            lambda one: one.tenant != self.credential.tenant and one.unlimited and one.may(scopes),
        )

    def colleague(self, *scopes: str) -> Caller:
        """Another credential of the main one's tenant, with these scopes; one without limits where there is any."""
        return self._find(
            f"a second credential of the same {self.contract.tenancy.noun}",
            lambda one: (
                one.tenant == self.credential.tenant and one.secret != self.credential.secret and one.may(scopes)
            ),
        )

    def without(self, scope: str) -> Caller:
        """A credential of the main one's tenant that lacks the scope."""
        return self._find(
            f"a credential without the scope {scope}",
            lambda one: one.tenant == self.credential.tenant and one.scopes is not None and scope not in one.scopes,
        )

    def limited(self, *limits: str) -> tuple[Caller, ...]:
        """The credentials for which these limits hold, to reach them. Raises NotChecked where there are none."""
        found = [
            one for one in self.target.credentials if not one.unlimited and all(name in one.limits for name in limits)
        ]
        if not found:
            raise NotChecked(f"needs a credential with limits {', '.join(limits)}")
        return tuple(Caller(self, one, paced=False) for one in found)

    def caller(self, credential: Credential) -> Caller:
        return Caller(self, credential)

    def _find(self, need: str, fits: Callable[[Credential], bool]) -> Caller:
        # A key with limits of its own is there for them to be reached.
        for one in sorted(self.target.credentials, key=lambda one: bool(one.limits)):
            if fits(one):
                return Caller(self, one)
        raise NotChecked(f"needs {need}")

    def fact(self, name: str) -> Any:
        """What the target file says of the world. Raises NotChecked where it says nothing."""
        if name not in self.facts:
            raise NotChecked(f"needs {self.contract.name}.facts.{name}")
        return self.facts[name]

    # What is sent.

    def send(self, request: Request) -> Answer:
        """Send one request and note it in the trace."""
        self.lag.wait(request.method)
        exchange = self.wire.send(request)
        self.lag.note(request.method)
        self.trace.add([exchange])
        return exchange.answer

    def send_all(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send all at the same time."""
        for request in requests:
            self.lag.wait(request.method)
        exchanges = self.wire.send_all(requests)
        for request in requests:
            self.lag.note(request.method)
        self.trace.add(exchanges)
        return exchanges

    # How it is judged.

    def expect(self, condition: object, expected: str, got: object) -> None:
        """Raise Broken unless the condition holds."""
        if not condition:
            raise Broken(expected, str(got))

    def each(self, strategy: SearchStrategy[_T], examples: int | None = None) -> Callable[[Callable[[_T], None]], None]:
        """Decorates a check and at once tries it on values of the strategy, at most so many.

        Draw nothing from `fresh` inside the strategy: what is drawn must depend on the seed alone.
        """

        def run(check: Callable[[_T], None]) -> None:
            Search(self.trace, self.seed, self.examples(examples)).values(strategy, check)

        return run

    def sequences(self, machine: Callable[[Search], RuleBasedStateMachine], *, examples: int, steps: int) -> None:
        """Try a state machine made by `machine`, which gets the search to tell of beginnings and failures."""
        search = Search(self.trace, self.seed, self.examples(examples))
        search.sequences(lambda: machine(search), steps)

    def examples(self, wanted: int | None = None) -> int:
        """How many examples a search is to try: what it wants, scaled to what was asked for."""
        asked = self.options.examples
        scaled = asked if wanted is None else max(1, round(wanted * asked / EXAMPLES))
        return min(scaled, _FEW) if self.frugal else scaled

    def keep(self, context: AbstractContextManager[_T]) -> _T:
        """Enter it; it is left at the end of the run, if not before."""
        return self._open.enter_context(context)

    def once(self, key: object, make: Callable[[], _T]) -> _T:
        """What `make` gives, made once a run: for what several rules look at.

        Its requests are in the trace of every rule that looks, since each of them may be broken by what came back.
        """
        if key in self._once:
            value, exchanges = self._once[key]
            self.trace.exchanges = [*exchanges, *self.trace.exchanges]
        else:
            before = len(self.trace.exchanges)
            try:
                value = make()
            except (Broken, NotChecked) as outcome:
                value = outcome
            self._once[key] = value, self.trace.exchanges[before:]
        if isinstance(value, Broken | NotChecked):
            raise value
        return value  # type: ignore[no-any-return]

    def receiver(self) -> Receiver:
        """Where webhooks are awaited, one a run. Raises NotChecked where the target file says nothing of it."""
        return self.once(Receiver, self._listen)

    def _listen(self) -> Receiver:
        if self.target.webhooks is None:
            raise NotChecked("needs [webhooks] in the target file")
        return self._open.enter_context(Receiver(self.target.webhooks))

    def operation(self, name: str) -> Operation:
        return self.contract.operations[name]
