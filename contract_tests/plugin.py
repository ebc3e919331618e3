"""The contract tests under pytest: a test for each rule. Load it with `-p mockserver.contract_tests.plugin`.

The only file here that knows the mock: it is tried where no other target is given.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract import AVAILABLE, Contract, load

from .command import PATIENT, options_of, selection_of, target_of
from .kinds import rules
from .lab import EXAMPLES, Lab
from .report import cited
from .rule import Rule, Verdict
from .target import TargetError
from .verify import try_rule


@functools.cache
def contract_of(api: str) -> Contract:
    """One and the same for the rules, which are made first, and for the lab that tries them."""
    return load(api)


def built_in(api: str) -> tuple[Mapping[str, Any], Any]:
    """The mock as a target."""
    from mockserver.twin import Twin  # noqa: PLC0415  # not needed for another target

    twin = Twin(api)
    return twin.described(), twin.mock


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("leadmock", "contract tests")
    add = group.addoption
    add("--api", metavar="API", help=f"try this contract only: {', '.join(AVAILABLE)}")
    add("--target", type=Path, metavar="FILE", help="what to try, as a TOML file (default: the built-in mock)")
    add("--url", metavar="URL", help="what to try, in place of a file: the origin of the API")
    add("--credential", metavar="SECRET", help="with --url: the API key or token, with its tenant after an @")
    add("--app", metavar="MODULE:NAME", help="an ASGI application to try in process")
    add("--wsgi", action="store_true", help="the --app is a WSGI application")
    add(
        "--assumed",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="try what is assumed too (default: of the built-in mock, and of no other)",
    )
    add("--only", action="append", default=[], metavar="GLOB", help="only rules with such ids; repeatable")
    add("--kind", action="append", default=[], metavar="KIND", help="only this kind of rules; repeatable")
    add("--contract-seed", type=int, default=1, metavar="N", help="send what a run with this seed sent (default: 1)")
    add("--max-examples", type=int, default=EXAMPLES, metavar="N", help=f"examples of a search (default: {EXAMPLES})")
    add("--rate", metavar="RATE", help="send no more than this, such as 30/m")
    add("--patient", action="store_true", help=PATIENT)
    add("--contract-verdicts", type=Path, metavar="FILE", help="append each verdict to this file, as a line of JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rules(kind): a test of every rule of this kind")
    try:
        for api in _apis(config):
            target_of(_options(config, api), lambda _: ({"credentials": [{"token": "x"}]}, None))
    except TargetError as error:
        raise pytest.UsageError(f"leadmock: {error}") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each rule of the kind that its `rules` marker names."""
    marker = metafunc.definition.get_closest_marker("rules")
    if marker is None:
        return
    (kind,) = marker.args
    found = [
        pytest.param(rule, id=rule.id)
        for api in _apis(metafunc.config)
        for rule in selection_of(_options(metafunc.config, api)).of(contract_of(api))
        if rule.kind == kind and (rule.level != "assumed" or _strict(metafunc.config))
    ]
    metafunc.parametrize("rule", found)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rules are tried in their own order, API by API, wherever their tests stand."""
    order = {rule.id: at for at, rule in enumerate(rule for api in AVAILABLE for rule in rules(contract_of(api)))}

    def place(item: pytest.Item) -> int:
        rule = item.callspec.params.get("rule") if isinstance(item, pytest.Function) and _has_rule(item) else None
        return order.get(rule.id, -1) if isinstance(rule, Rule) else -1

    own = [at for at, item in enumerate(items) if place(item) >= 0]
    for at, item in zip(own, sorted((items[at] for at in own), key=place), strict=True):
        items[at] = item


def _has_rule(item: pytest.Function) -> bool:
    return hasattr(item, "callspec")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What belongs together stays in one process."""
    from .schedule import Schedule  # noqa: PLC0415  # pytest-xdist may not be there

    return Schedule(config, log)


@pytest.fixture(scope="session")
def labs(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Lab]]:
    """Gives the lab of an API, one for the whole session."""
    opened: dict[str, Lab] = {}

    def lab(api: str) -> Lab:
        if api not in opened:
            options = _options(request.config, api)
            opened[api] = Lab(contract_of(api), target_of(options, built_in), options_of(options)).__enter__()
            opened[api].greet()
        return opened[api]

    yield lab
    for one in opened.values():
        one.__exit__(None, None, None)


@pytest.fixture
def verdict_of(labs: Callable[[str], Lab], request: pytest.FixtureRequest) -> Callable[[Rule], None]:
    """Tries a rule, and fails or skips the test by its verdict."""

    def judge(rule: Rule) -> None:
        verdict = try_rule(labs(rule.id.partition("/")[0]), rule)
        request.node.user_properties.append(("verdict", _as_json(verdict)))
        if verdict.status == "not-checked":
            pytest.skip(verdict.detail)
        if verdict.status == "broken":
            lines = (rule.says, f"{rule.level}: {cited(rule.source)}", verdict.detail, *verdict.curl)
            pytest.fail("\n".join(lines), pytrace=False)

    return judge


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """With xdist, the process that gathers the reports writes the verdicts."""
    if _verdicts is not None and report.when == "call":
        lines = [value for name, value in report.user_properties if name == "verdict"]
        with _verdicts.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


_verdicts: Path | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    global _verdicts  # noqa: PLW0603  # the hook that writes gets no config
    is_worker = hasattr(session.config, "workerinput")
    _verdicts = None if is_worker else session.config.getoption("--contract-verdicts")


def _as_json(verdict: Verdict) -> str:
    return json.dumps(
        [verdict.rule.id, verdict.status, verdict.detail, verdict.curl, verdict.requests, verdict.seconds]
    )


def _apis(config: pytest.Config) -> tuple[str, ...]:
    api = config.getoption("--api")
    return (api,) if api else AVAILABLE


def _strict(config: pytest.Config) -> bool:
    """The built-in mock keeps what is assumed too, so it is held to it unless that is not wanted."""
    assumed: bool | None = config.getoption("--assumed")
    if assumed is not None:
        return assumed
    return all(config.getoption(name) is None for name in ("--target", "--url", "--app"))


def _options(config: pytest.Config, api: str) -> argparse.Namespace:
    names = ("target", "url", "credential", "app", "wsgi", "only", "kind", "max_examples", "rate", "patient")
    given = {name: config.getoption(f"--{name.replace('_', '-')}") for name in names}
    return argparse.Namespace(api=api, strict=_strict(config), seed=config.getoption("--contract-seed"), **given)
