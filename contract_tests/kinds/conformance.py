"""Conformance: Schemathesis on every operation, positive and negative.

Each promise is made twice: for what the vendor says, on the documented view, and for the whole contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mockserver.contract import Contract, Operation, Source
from mockserver.contract.documented import documented, is_known

from ..conformance import Facts, Failure, Report, View, conform, facts_of
from ..conformance.checks import Checks
from ..models.mega_webhooks import sweep
from ..rule import Attempt, Broken, Kind, NotChecked, Selector, own

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("conformance")

_HARMLESS_URL = "https://hooks.example.com/leadmock"
# Refusing a method that is not there, and how, is nowhere documented; credentials have rules of their own.
_METHODS = ("unsupported_method", "allow_header_conformance", "missing_required_header", "ignored_auth")
_ACCEPTS = ("positive_data_acceptance",)
_REFUSES = ("negative_data_rejection", "missing_required_header", "ignored_auth")
_CRASHES = ("not_a_server_error", "error", "run")


#: What figures have to be asked with, such as a period, is nowhere said.
_MAY_ASK_FOR_MORE = ("getPipelineAnalytics",)


def _without_id(_contract: Contract, operation: Operation) -> bool:
    """What is answered to an id that is none, and to one of another form, is nowhere said."""
    return "{" not in operation.path and operation.id not in _MAY_ASK_FOR_MORE


def _promise(  # noqa: PLR0913  # all by name
    name: str,
    says: str,
    *,
    on: Selector,
    judge: Callable[[Failure], bool],
    told_on: Selector = lambda _contract, _operation: True,
    sides: tuple[str, ...] = ("accepting", "refusing"),
) -> None:
    """Declare it for what is documented, and again for the whole contract."""

    def as_documented(lab: Lab, operation: Operation) -> None:
        if lab.strict and not _failures(lab, operation, ("all",), judge):
            return  # the whole contract asks for more
        _judge(lab, _failures(lab, operation, sides, judge))

    def as_decided(lab: Lab, operation: Operation) -> None:
        _judge(lab, _failures(lab, operation, ("all",), judge))

    for suffix, selector, source, attempt in (
        ("", _and(_and(on, told_on), is_known), own(), as_documented),
        ("-decided", on, _decided, as_decided),
    ):
        declared: Attempt = attempt
        declared.__name__ = f"{name}{suffix}".replace("-", "_")
        kind.promise(f"{name}{suffix}", says + _DETAIL[suffix], on=selector, source=source)(declared)


_DETAIL = {"": "", "-decided": " This includes what was decided where the vendor is silent."}


def _and(first: Selector, second: Selector) -> Selector:
    return lambda contract, operation: first(contract, operation) and second(contract, operation)


def _decided(_contract: Contract, _operation: Operation) -> Source:
    return Source("assumed", says="The specification as a whole, with all that was decided where the vendor is silent.")


def _any(_contract: Contract, _operation: Operation) -> bool:
    return True


def _has_input(_contract: Contract, operation: Operation) -> bool:
    return operation.body_schema is not None or any(one.location != "path" for one in operation.parameters)


_promise(
    "accepts",
    "Every valid request to {method} {path} is accepted.",
    on=_any,
    told_on=_without_id,
    judge=lambda one: one.check in _ACCEPTS,
)
_promise(
    "refuses",
    "Every invalid request to {method} {path} is refused.",
    on=_has_input,
    judge=lambda one: one.check in _REFUSES,
)
_promise(
    "answers",
    "Every answer of {method} {path} has a status, media type, headers and body that are declared.",
    on=_any,
    judge=lambda one: one.check not in {*_ACCEPTS, *_REFUSES, *_CRASHES},
)
_promise(
    "server-error",
    "No request to {method} {path} makes the server fail.",
    on=_any,
    judge=lambda one: one.check in _CRASHES,
)


def _failures(
    lab: Lab, operation: Operation, sides: tuple[str, ...], judge: Callable[[Failure], bool]
) -> list[Failure]:
    label = f"{operation.method} {operation.path}"
    return [
        failure
        for side in sides
        for failure in _report(lab, side).failures
        if failure.operation in {label, ""} and judge(failure)
    ]


def _judge(lab: Lab, failures: list[Failure]) -> None:
    if not failures:
        return
    lab.shown = tuple(lab.secrets.hide(line) for failure in failures[:3] for line in failure.curl.splitlines() if line)
    first = failures[0]
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    raise Broken("an answer that conforms", f"{first.check}: {' '.join(first.message.split())}{more}")


def _report(lab: Lab, side: str) -> Report:
    return lab.once(("conformance", side), lambda: _conform(lab, side))


def _conform(lab: Lab, side: str) -> Report:
    contract = lab.contract
    if lab.frugal:
        raise NotChecked("needs a main credential with unlimited = true")
    checks = Checks(contract, metered=False)
    if side == "all":
        view = View(contract.document, "all", checks.all())
    else:
        mode = "positive" if side == "accepting" else "negative"
        own_checks = (checks.error_envelope,) if contract.errors.source.level != "assumed" else ()
        other = _REFUSES[:1] if mode == "positive" else _ACCEPTS
        document = documented(contract, "accepting" if mode == "positive" else "refusing")
        view = View(document, mode, own_checks, (*_METHODS, *other), strict=False)
    stages = lab.facts.get("stages", ())
    facts: Facts = facts_of(contract.name, stages=stages, webhook_url=_HARMLESS_URL)
    app = lab.wire.app()
    report = conform(
        contract,
        headers=lab.main.headers(),
        seed=lab.options.seed,
        max_examples=max(3, lab.options.examples // 3),
        app=app,
        base_url=None if app is not None else lab.wire.base + contract.base_path,
        facts=facts,
        view=view,
    )
    lab.trace.count += report.total
    if contract.name == "mega":
        sweep(lab)
    return report
