"""The commands verify and rules: their options, and what they print."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from mockserver.contract import AVAILABLE, load
from mockserver.contract.model import Window

from .fuzz import Saved, explore, keep, replay
from .fuzz import read as read_failures
from .kinds import KINDS, rules
from .lab import EXAMPLES, Options
from .report import Progress, Result, broken_lines, cited, told, write_html, write_json, write_junit
from .rule import Verdict
from .run import Plan, run
from .target import Credential, Listening, Target, TargetError, read
from .target import load as load_target
from .trace import Secrets
from .verify import Selection
from .workers import run_in_workers

#: Gives what a target file would say of the built-in mock of an API, and the application itself.
BuiltIn = Callable[[str], tuple[Mapping[str, Any], Any]]

_SLOW = (
    "The main credential is not said to be unlimited, so no more is sent with it than is documented, and less is tried."
    " That can take long.\nWhere it may be spent freely, say so in a target file (unlimited = true)."
)
#: What --patient does.
PATIENT = "wait a minute more, to see that a key whose limit is spent is let in again"
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"([1-9][0-9]*)/([smh])")
_TIME = re.compile(r"([1-9][0-9]*)([smh]?)")


def add_verify(add: Callable[..., Any]) -> None:
    """The options of `leadmock verify`."""
    add("api", metavar="API", help=f"the contract: {', '.join(AVAILABLE)}")
    add_target(add)
    _add_selection(add)
    add("--seed", type=int, default=1, metavar="N", help="send what a run with this seed sent (default: 1)")
    add("--max-examples", type=int, default=EXAMPLES, metavar="N", help=f"examples of a search (default: {EXAMPLES})")
    add("--time", metavar="TIME", help="stop after this time, such as 90s or 10m; what is left is not checked")
    add("--rate", metavar="RATE", help="send no more than this, such as 30/m or 5/s")
    add("--patient", action="store_true", help=PATIENT)
    add("--workers", type=int, default=1, metavar="N", help="try rules in so many processes (default: 1)")
    add("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML")
    add("--json", type=Path, metavar="FILE", help="write the verdicts as JSON")
    add("--html", type=Path, metavar="FILE", help="write a page for people")


def _add_selection(add: Callable[..., Any]) -> None:
    add("--strict", action="store_true", help="try what is assumed too, where the vendor is silent")
    add("--only", action="append", default=[], metavar="GLOB", help="only rules with such ids, '*dedup*'; repeatable")
    add("--kind", action="append", default=[], metavar="KIND", help=f"only this kind: {', '.join(KINDS)}; repeatable")


def add_target(add: Callable[..., Any]) -> None:
    """The options that say what is tried."""
    add("--target", type=Path, metavar="FILE", help="what to try, as a TOML file (default: the built-in mock)")
    add("--url", metavar="URL", help="what to try, in place of a file: the origin of the API")
    add(
        "--credential",
        metavar="SECRET",
        help="with --url: the API key or token; its tenant after an @, if one is needed",
    )
    add("--app", metavar="MODULE:NAME", help="with a file or --credential: an ASGI application to try in process")
    add("--wsgi", action="store_true", help="the --app is a WSGI application")


def verify(options: argparse.Namespace, built_in: BuiltIn) -> int:
    """Try the rules of one API. 0: all kept, 1: something broken. Raises TargetError where it cannot run."""
    target = target_of(options, built_in)
    plan = Plan(target, options_of(options), selection_of(options), seconds_of(options.time))
    if not list(plan.selection.of(load(plan.target.api))):
        raise TargetError(f"no rule of {plan.target.api} is selected; leadmock rules {plan.target.api} lists them")
    for path in filter(None, (options.junit, options.json, options.html)):
        if not path.parent.is_dir():
            raise TargetError(f"{path}: cannot be written: there is no folder {path.parent}")
    strictly = "what is assumed too" if options.strict else "what the vendor says"
    print(f"{load(plan.target.api).title} at {plan.target.name}: {strictly}, seed {options.seed}", flush=True)
    if not target.credentials[0].unlimited:
        print(_SLOW, flush=True)
    progress = Progress()
    result = run_in_workers(plan, options, progress) if options.workers > 1 else run(plan, progress)
    progress.end()
    _report(result, options)
    return 1 if result.count("broken") else 0


def add_fuzz(add: Callable[..., Any]) -> None:
    """The options of `leadmock fuzz`."""
    add("api", metavar="API", help=f"the contract: {', '.join(AVAILABLE)}")
    add_target(add)
    _add_selection(add)
    add("--seed", type=int, default=1, metavar="N", help="begin with this seed (default: 1)")
    add(
        "--max-examples",
        type=int,
        default=3 * EXAMPLES,
        metavar="N",
        help=f"examples of a search (default: {3 * EXAMPLES})",
    )
    add("--time", metavar="TIME", help="stop after this time, such as 90s or 10m (default: with Ctrl-C)")
    add("--rate", metavar="RATE", help="send no more than this, such as 30/m or 5/s")
    add("--save", type=Path, metavar="FILE", help="where failures are kept (default: leadmock-API-failures.json)")
    add("--replay", action="store_true", help="try the kept failures again, and nothing else")


def fuzz(options: argparse.Namespace, built_in: BuiltIn) -> int:
    """Explore one API. 0: nothing found, 1: something broken. Raises TargetError where it cannot run."""
    target = target_of(options, built_in)
    plan = Plan(target, options_of(options), selection_of(options), seconds_of(options.time))
    path = options.save or Path(f"leadmock-{target.api}-failures.json")
    secrets = Secrets(target.credentials)
    if options.replay:
        return _replay(plan, read_failures(path, target.api))
    failures: list[Saved] = []

    def tell_failure(saved: Saved, verdict: Verdict) -> None:
        failures.append(saved)
        keep(path, target.api, failures)
        print("\n".join(("", *broken_lines(verdict))), flush=True)

    def tell_round(seed: int, requests: int) -> None:
        print(f"seed {seed}: {requests} requests so far, {len(failures)} failures", flush=True)

    print(f"{load(target.api).title} at {target.name}, from seed {options.seed} on; Ctrl-C ends it", flush=True)
    print(f"The curl lines need in the shell: {', '.join(('URL', *secrets.variables()))}")
    with suppress(KeyboardInterrupt):
        explore(plan, tell_failure, tell_round)
    kept = f"kept in {path}; --replay tries them again" if failures else "nothing to keep"
    print(f"{len(failures)} distinct failures, {kept}")
    return 1 if failures else 0


def _replay(plan: Plan, saved: list[Saved]) -> int:
    broken = 0
    for one, verdict in replay(plan, saved):
        broken += verdict.status == "broken"
        print(f"{verdict.status:<12} {one.rule} (seed {one.seed})  {verdict.detail}".rstrip(), flush=True)
    print(f"{broken} of {len(saved)} failures are still there")
    return 1 if broken else 0


def _report(result: Result, options: argparse.Namespace) -> None:
    print(told(result))
    for write, path in ((write_junit, options.junit), (write_json, options.json), (write_html, options.html)):
        if path is not None:
            write(result, path)
            print(f"Written: {path}")


def add_rules(add: Callable[..., Any]) -> None:
    """The options of `leadmock rules`."""
    add("api", metavar="API", nargs="?", help=f"of this contract only: {', '.join(AVAILABLE)}")


def list_rules(options: argparse.Namespace) -> int:
    """Print the promises with level, source and what tries them."""
    for api in [_api(options.api)] if options.api else AVAILABLE:
        contract = load(api)
        every = list(rules(contract))
        levels = ", ".join(f"{sum(rule.level == level for rule in every)} {level}" for level in _LEVELS)
        print(f"{contract.title}: {len(every)} promises ({levels})")
        for rule in every:
            print(
                f"\n  {rule.id}\n    {rule.says}\n    {rule.level}: {cited(rule.source)}\n    tried by {rule.tried_by}"
            )
        print()
    return 0


_LEVELS = ("documented", "vendor-page", "assumed")


def options_of(options: argparse.Namespace) -> Options:
    """How to try. Raises TargetError."""
    examples = _positive("--max-examples", options.max_examples)
    # Fuzzing spends no limits, so that it has none to wait for.
    return Options(options.seed, options.strict, examples, _rate(options.rate), getattr(options, "patient", False))


def selection_of(options: argparse.Namespace) -> Selection:
    """Which rules to try. Raises TargetError."""
    return Selection(tuple(options.only), tuple(_kind(name) for name in options.kind))


def target_of(options: argparse.Namespace, built_in: BuiltIn) -> Target:
    """What the options describe. Raises TargetError."""
    api = _api(options.api)
    if options.target is not None and options.url is not None:
        raise TargetError("--target and --url: give one of them")
    if options.target is not None:
        target = load_target(options.target, api)
    elif options.url is not None or options.app is not None:
        target = _plain(api, options)
    else:
        described, app = built_in(api)
        document = {api: {"url": "http://built-in.mock", **described}, "webhooks": {}}
        return in_process(read(document, api, "the built-in mock"), app)
    return in_process(target, _imported(options.app), wsgi=options.wsgi) if options.app else target


def in_process(target: Target, app: Any, *, wsgi: bool = False) -> Target:
    """The same target, tried in process."""
    return Target(target.api, target.credentials, "", app, wsgi, target.facts, target.webhooks)


def _plain(api: str, options: argparse.Namespace) -> Target:
    if not options.credential:
        raise TargetError("--credential: needed with --url, or describe the target in a file, see --target")
    url = options.url or "http://in.process"
    if not url.startswith(("http://", "https://")):
        raise TargetError(f"--url {url}: must be an http:// or https:// address")
    secret, _, tenant = options.credential.partition("@")
    header = load(api).tenancy.header
    if header and not tenant:
        raise TargetError(f"--credential: {api} needs the {header} too, as SECRET@TENANT")
    return Target(api, (Credential("main", secret, tenant),), url.rstrip("/"), webhooks=Listening())


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = import_module(module)
        for part in (attribute or "app").split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise TargetError(f"--app {name}: cannot be imported ({error}); it must be MODULE:NAME") from None
    return found


def _api(name: str) -> str:
    if name not in AVAILABLE:
        raise TargetError(f"{name}: there is no such API{_meant(name.lower(), AVAILABLE)}")
    return name


def _kind(name: str) -> str:
    if name not in KINDS:
        raise TargetError(f"--kind {name}: there is no such kind{_meant(name.lower(), KINDS)}")
    return name


def _meant(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def _positive(name: str, number: int) -> int:
    if number < 1:
        raise TargetError(f"{name} {number}: must be 1 or more")
    return number


def seconds_of(text: str | None) -> float | None:
    """Seconds of a time such as 90s, 10m or 1h."""
    if text is None:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise TargetError(f"--time {text}: must be a time such as 90s, 10m or 1h")
    return float(found[1]) * _SECONDS[found[2] or "s"]


def _rate(text: str | None) -> Window | None:
    if text is None:
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise TargetError(f"--rate {text}: must be a rate such as 5/s, 30/m or 1000/h")
    return Window(int(found[1]), _SECONDS[found[2]])
