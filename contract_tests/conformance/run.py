"""Conformance: Schemathesis let loose on one contract's operations, with the contract's own promises added.

Its engine is not documented as a stable interface; this module is the only one that knows it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import schemathesis
from schemathesis import Case
from schemathesis.checks import CHECKS
from schemathesis.engine import Status, events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.python import asgi

from mockserver.contract import Contract, Validator, compile_schema

from .checks import Check, Checks
from .facts import Facts, facts_of
from .outcome import Failure, Report
from .preparation import FRESH_SHARE, Hook, Preparation

PHASES = ("examples", "coverage", "fuzzing", "stateful")

# They alarm on right implementations too: on a soft delete, and on the replay of a create whose record is gone.
_ALARMING = ("use_after_free", "ensure_resource_availability")
_NOT_REFUSED = ["2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx"]
# Ranges of letters beyond ASCII in a pattern that permits them. Their strategy takes a second to build, for each
# variant of a schema anew, and what is generated without them is permitted all the same.
_BEYOND_ASCII = re.compile(r"(?:\\u[0-9a-f]{4}-\\u[0-9a-f]{4}){2,}")

#: With these in a header, HTTP itself refuses a request, in words that are no vendor's.
_CONTROLS = "".join(chr(code) for code in (*range(32), 127) if chr(code) != "\t")
_ANY_BUT_NUL = r"^[^\x00]*$"
#: A text beyond a bound like that is drawn letter by letter, for seconds.
_LONG = 1000


@dataclass(frozen=True, slots=True)
class View:
    """What an implementation is held to: a document, the mode of generation (all, positive, negative), own checks,
    and the built-in checks that do not apply. `strict`: a record that is gone answers 404 and nothing else.
    """

    document: dict[str, Any]
    mode: str
    checks: tuple[Check, ...] = ()
    without: tuple[str, ...] = ()
    strict: bool = True


# Schemathesis keeps hooks, checks and the applications it has started for the whole process.
_ONE_RUN_AT_A_TIME = threading.Lock()


def conform(  # noqa: PLR0913  # all by name, most with a default
    contract: Contract,
    *,
    headers: Mapping[str, str],
    seed: int,
    max_examples: int,
    app: Any = None,
    base_url: str | None = None,
    facts: Facts | None = None,
    metered: bool = True,
    phases: Collection[str] = PHASES,
    view: View | None = None,
) -> Report:
    """Try every operation of `contract` with valid and invalid requests, and judge every answer.

    Either `app` (ASGI, in process) or `base_url` (where the contract's paths begin) says what is tried.
    `headers` are those of one credential, tenant header included. The same seed sends the same requests
    to the same state. `metered` says that rate limits hold for the credential. Facts default to the API's.
    `phases` leaves some out: coverage, which tries each bound of each member, has most of the requests.
    `view` holds the implementation to another document than the contract's own.
    """
    if (app is None) == (base_url is None):
        raise ValueError("give either app or base_url")
    # Schemathesis knows a credential by the name of its header, letter case included.
    spelled = {scheme.header.lower(): scheme.header for scheme in contract.security.values()}
    credential = {spelled.get(name.lower(), name.lower()): value for name, value in headers.items()}
    # The tenant is not put into each request, but only where a valid one stands: a wrong one is to be refused.
    tenant = credential.pop((contract.tenancy.header or "").lower(), None)
    seen = view or View(contract.document, "all", Checks(contract, metered=metered).all())
    config = schemathesis.Config.from_dict(_config(credential, seed, max_examples, base_url, phases, seen))
    schema = schemathesis.openapi.from_dict(_cheaper(seen.document), config=config)
    schema.app = app
    known = facts if facts is not None else facts_of(contract.name)
    # What a lead that collides with another, or with itself, comes to is not documented everywhere.
    hook = Preparation(contract, known, tenant, seed, FRESH_SHARE if seen.strict else 1.0)
    started = time.perf_counter()
    tally = _Tally(contract)
    with _ONE_RUN_AT_A_TIME, _registered(hook, seen.checks):
        for event in from_schema(schema).execute():
            tally.take(event)
    return tally.report(contract.name, seed, time.perf_counter() - started)


def _config(  # noqa: PLR0913, PLR0917  # called once, right above
    headers: Mapping[str, str], seed: int, max_examples: int, base_url: str | None, phases: Collection[str], view: View
) -> dict[str, Any]:
    config: dict[str, Any] = {
        "seed": seed,
        "workers": 1,
        "headers": dict(headers),
        "cache": {"enabled": False},
        # A machine that is busy generates slowly, which says nothing of what is tried.
        "suppress-health-check": ["all"],
        "continue-on-failure": True,
        "auth": {"auto-signup": False},
        "output": {"sanitization": {"enabled": False}},
        # Texts found in the source of an application in process: another run would send other requests.
        "analysis": {"constants": {"enabled": False}},
        "phases": {phase: _phase_of(phase, phases, view) for phase in PHASES},
        "checks": _checks(view),
        "generation": {
            "mode": view.mode,
            "max-examples": max_examples,
            "database": "none",
            "exclude-header-characters": _CONTROLS,
            # The credential is sent with every request, and `ignored_auth` takes it away; generated ones would
            # be overwritten by it, and what was to be refused would be accepted.
            "with-security-parameters": False,
        },
    }
    return config if base_url is None else {**config, "base-url": base_url}


def _phase_of(phase: str, phases: Collection[str], view: View) -> dict[str, Any]:
    chosen: dict[str, Any] = {"enabled": phase in phases}
    # What becomes of methods that are not there is nowhere said: a server that knows none of them may say 501.
    return {**chosen, "unexpected-methods": []} if phase == "coverage" and not view.strict else chosen


def _checks(view: View) -> dict[str, Any]:
    # Gone is another word for not found.
    lenient: dict[str, Any] = {} if view.strict else {"positive_data_acceptance": {"expected-statuses": _NOT_REFUSED}}
    return {**lenient, **{name: {"enabled": False} for name in (*_ALARMING, *view.without)}}


@contextmanager
def _registered(hook: Hook, checks: tuple[Check, ...]) -> Iterator[None]:
    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(hook, "before_call")
    for check in checks:
        CHECKS.register(check)
    try:
        yield
    finally:
        for check in checks:
            CHECKS.unregister(check.__name__)
        GLOBAL_HOOK_DISPATCHER.unregister(hook)
        asgi.shutdown_lifespans()


def _cheaper(node: Any) -> Any:
    """The same document without what takes long to generate and is tried by rules of its own: NUL, very long texts."""
    if isinstance(node, dict):
        return {key: _cheaper(value) for key, value in node.items() if not _is_expensive(key, value)}
    if isinstance(node, list):
        return [_cheaper(one) for one in node]
    if isinstance(node, str) and node.startswith("^") and "[^" not in node:
        return _BEYOND_ASCII.sub("", node)
    return node


def _is_expensive(key: str, value: Any) -> bool:
    if key == "pattern":
        return bool(value == _ANY_BUT_NUL)
    return key == "maxLength" and isinstance(value, int) and value > _LONG


class _Tally:
    """Adds up the events of a run."""

    def __init__(self, contract: Contract) -> None:
        self._valid = {
            f"{one.method} {one.path}": Validator(compile_schema(one.body_schema))
            for one in contract.operations.values()
            if one.body_schema is not None
        }
        self._requests: Counter[str] = Counter()
        self._statuses: Counter[tuple[str, int]] = Counter()
        self._checks: set[str] = set()
        self._failures: dict[tuple[str, ...], Failure] = {}
        self._warnings: dict[str, None] = {}

    def take(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.ScenarioFinished):
            self._scenario(event)
        elif isinstance(event, events.NonFatalError) and isinstance(event.value, json.JSONDecodeError):
            # It reads some answers as JSON to learn from them; whether they are is for the checks to say.
            self._warnings[f"{event.label}: an answer was not read: {event.value}"] = None
        elif isinstance(event, events.NonFatalError):
            # An application that raises, a hook or a check that fails: Schemathesis tells it this way.
            self._fail("error", event.label, _phase(event.phase), f"{event.info.title}: {event.value}", "")
        elif isinstance(event, events.FatalError):
            self._fail("error", "", "", f"{type(event.exception).__name__}: {event.exception}", "")
        elif isinstance(event, events.SchemaAnalysisWarnings):
            self._warnings.update(dict.fromkeys(map(str, event.warnings)))
        elif isinstance(event, events.EngineFinished):
            for failure in event.failures:
                self._fail("run", failure.operation or "", "", str(failure), "")
            if event.stop_reason.skip_explanation:
                self._fail("error", "", "", event.stop_reason.skip_explanation, "")

    def _scenario(self, event: events.ScenarioFinished) -> None:
        recorder = event.recorder
        self._requests[event.phase.value] += len(recorder.interactions)
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                label = recorder.cases[case_id].value.operation.label
                self._statuses[label, interaction.response.status_code] += 1
        for case_id, results in recorder.checks.items():
            label = recorder.cases[case_id].value.operation.label
            for result in results:
                self._checks.add(result.name)
                if result.status is Status.FAILURE and result.failure_info is not None:
                    if result.name == "negative_data_rejection" and self._is_valid(
                        label, recorder.cases[case_id].value
                    ):
                        continue
                    text = str(result.failure_info.failure)
                    self._fail(result.name, label, event.phase.value, text, result.failure_info.code_sample)

    def _is_valid(self, label: str, case: Case[Any]) -> bool:
        """Whether a body that was made to be invalid is valid after all, by the patterns as they stand."""
        changed = case.meta is not None and any(
            info.mode.is_negative for location, info in case.meta.components.items() if location.name != "BODY"
        )
        return not changed and label in self._valid and self._valid[label].is_valid(case.body)

    def _fail(self, check: str, operation: str, phase: str, message: str, curl: str) -> None:
        # The last one counts: what comes later has been made shorter.
        self._failures[check, operation, message] = Failure(operation, check, phase, message, curl)

    def report(self, api: str, seed: int, seconds: float) -> Report:
        return Report(
            api=api,
            seed=seed,
            seconds=seconds,
            requests=dict(self._requests),
            statuses=dict(self._statuses),
            checks=tuple(sorted(self._checks)),
            failures=tuple(self._failures.values()),
            warnings=tuple(self._warnings),
        )


def _phase(phase: Any) -> str:
    return phase.value if phase is not None else ""
