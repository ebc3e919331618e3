"""The `leadmock` command."""

from __future__ import annotations

import argparse
import io
import os
import secrets
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mockserver import __version__, control_cli
from mockserver.app import Mock
from mockserver.client import ControlError
from mockserver.contract import AVAILABLE, ContractError, load
from mockserver.control_cli import TOKEN_VARIABLE
from mockserver.listening import LOOPBACK, UsageError
from mockserver.serving import Service
from mockserver.settings import Settings
from mockserver.store import StoreError, is_shared
from mockserver.twin import Twin

_MOST_WORKERS = 64
_SHORTEST_TOKEN = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status: 0 done, 2 could not run."""
    given = sys.argv[1:] if arguments is None else arguments
    # A name in any script may be told on any terminal.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser(given).parse_args(given)
        return _COMMANDS.get(options.command, control_cli.run)(options)
    except (UsageError, StoreError, ContractError, ControlError) as error:
        print(f"leadmock: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output has gone; what is buffered for it must not fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="leadmock", description="A local twin of the SalesIQ, MEGA, ConvertIQ and CRMLead Pro lead APIs."
    )
    parser.add_argument("--version", action="version", version=f"leadmock {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="run the mock server",
        description="Run the mock server: all APIs on one port, each at its vendor's own path.",
    )
    add = serve.add_argument
    add("--api", action="append", metavar="NAME", help=f"serve this API only ({', '.join(AVAILABLE)}); repeatable")
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", type=int, default=8080, help="port to listen on; 0 takes a free one (default: 8080)")
    add(
        "--database",
        metavar="WHERE",
        help="keep state in this SQLite file, or in PostgreSQL (postgresql://user@host/database), not in memory",
    )
    add("--workers", type=int, default=1, metavar="N", help="processes that serve; more than 1 need PostgreSQL")
    add(
        "--plan",
        action="append",
        default=[],
        metavar="API=PLAN",
        help="plan of an API's demo tenants, such as salesiq=starter; repeatable",
    )
    add("--no-rate-limits", action="store_true", help="plans keep their quotas, but no request is too many")
    add("--unlimited", action="store_true", help="no rate limits and no quotas, for fuzzing")
    add(
        "--loopback-webhooks",
        choices=("auto", "yes", "no"),
        default="auto",
        help="let webhooks go to 127.0.0.1 and localhost (default: auto, when the server itself listens there)",
    )
    add(
        "--webhook-pace",
        type=float,
        default=1.0,
        metavar="X",
        help="factor on webhook retry delays, such as 0.01 (default: 1)",
    )
    add("--replay", type=Path, metavar="FILE", help="answer with what `leadmock proxy --record FILE` has recorded")
    add(
        "--journal",
        type=int,
        default=1000,
        metavar="N",
        help="keep the last N requests with their answers to look at; 0 keeps none (default: 1000)",
    )
    add(
        "--control-token",
        metavar="TOKEN",
        help=f"what the control plane demands (default: ${TOKEN_VARIABLE}; made up where --host is not this machine)",
    )
    add("--log", choices=("text", "json", "off"), default="text", help="form of the request log (default: text)")
    control_cli.add_commands(commands)
    proxy = commands.add_parser(
        "proxy",
        help="stand between a client and the real API, and hold both to the contract",
        description="Hand every request on to the real API, and hold request and answer to the contract."
        " Exit: 0 no deviation, 1 some, 2 could not run, or the API never answered.",
    )
    if "proxy" in given[:1]:
        _module("proxy_cli").add_options(proxy.add_argument)
    for name, (does, describes) in _SUITE_COMMANDS.items():
        command = commands.add_parser(name, help=does, description=describes)
        # The suite is slow to import, and serving does without.
        if name in given[:1]:
            getattr(_suite(), f"add_{name}")(command.add_argument)
    return parser


_SUITE_COMMANDS = {
    "verify": (
        "try every promise of a contract against an implementation",
        "Try every promise of a contract against an implementation. Exit: 0 all kept, 1 something broken, 2 not run.",
    ),
    "fuzz": (
        "keep trying an implementation with new seeds",
        "Keep trying an implementation with new seeds; each new failure is told once and kept. Exit: as verify.",
    ),
    "rules": ("list the promises of the contracts", "List the promises, where each comes from and what tries it."),
}


def _suite(part: str = "command") -> types.ModuleType:
    """A module of the contract suite, which the wheel has below this package. Raises UsageError where its libraries
    are missing.
    """
    package = f"{__package__}.contract_tests" if find_spec(f"{__package__}.contract_tests") else "contract_tests"
    try:
        return import_module(f"{package}.{part}")
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing; install it with: pip install 'leadmock[verify]'") from None


def _verify(options: argparse.Namespace) -> int:
    return _tried(lambda suite: suite.verify(options, _built_in))


def _fuzz(options: argparse.Namespace) -> int:
    return _tried(lambda suite: suite.fuzz(options, _built_in))


def _rules(options: argparse.Namespace) -> int:
    return _tried(lambda suite: suite.list_rules(options))


def _tried(command: Callable[[types.ModuleType], int]) -> int:
    suite = _suite()
    try:
        return command(suite)
    except suite.TargetError as error:
        raise UsageError(str(error)) from None
    except KeyboardInterrupt:
        print("leadmock: interrupted", file=sys.stderr)
        return 2


def _built_in(api: str) -> tuple[Mapping[str, Any], Mock]:
    """The mock as a target of the suite."""
    twin = Twin(api)
    return twin.described(), twin.mock


def _serve(options: argparse.Namespace) -> int:
    if options.replay is not None:
        return int(_module("proxy_cli").replay(options))
    service = Service(_settings(options), options.host, options.port, options.log)
    if not service.run():
        return 2
    print("leadmock stopped")
    return 0


def _proxy(options: argparse.Namespace) -> int:
    return int(_module("proxy_cli").proxy(options, _suite))


def _module(name: str) -> Any:
    """A module of ours that serving does without."""
    return import_module(f"{__package__}.{name}")


def _settings(options: argparse.Namespace) -> Settings:
    apis = tuple(dict.fromkeys(options.api or AVAILABLE))
    for api in apis:
        if api not in AVAILABLE:
            meant = get_close_matches(api.lower(), AVAILABLE, n=1)
            hint = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(AVAILABLE)}"
            raise UsageError(f"--api {api}: there is no such API; {hint}")
    if not 0 < options.webhook_pace <= 1000:  # noqa: PLR2004  # a thousand times slower is a typing mistake
        raise UsageError(f"--webhook-pace {options.webhook_pace}: must be above 0 and at most 1000")
    if options.journal < 0:
        raise UsageError(f"--journal {options.journal}: must be 0 or more")
    _check_workers(options)
    loopback = options.loopback_webhooks
    return Settings(
        apis=apis,
        database=options.database,
        plans=dict(_plan(text, apis) for text in options.plan),
        unmetered=options.no_rate_limits,
        unlimited=options.unlimited,
        loopback_webhooks=options.host in LOOPBACK if loopback == "auto" else loopback == "yes",
        webhook_pace=options.webhook_pace,
        # Of several processes each would keep its own share, which nobody could ask for.
        journal=options.journal if options.workers == 1 else 0,
        workers=options.workers,
        control_token=_control_token(options),
    )


def _check_workers(options: argparse.Namespace) -> None:
    if not 1 <= options.workers <= _MOST_WORKERS:
        raise UsageError(f"--workers {options.workers}: must be from 1 to {_MOST_WORKERS}")
    if options.workers == 1:
        return
    if not is_shared(options.database):
        raise UsageError(
            f"--workers {options.workers} needs a database that processes can share, and"
            f" {options.database or 'memory'} belongs to one: add --database postgresql://user@host/database"
        )
    if not hasattr(os, "fork"):
        raise UsageError(f"--workers {options.workers}: this system cannot; start one server for each, on its own port")


def _control_token(options: argparse.Namespace) -> str | None:
    """None where only this machine can call; otherwise the one that is given, or a fresh one."""
    token: str | None = options.control_token or os.environ.get(TOKEN_VARIABLE) or None
    if token is not None and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        raise UsageError(
            f"the control token must be {_SHORTEST_TOKEN} or more plain characters; leave it out for one made up"
        )
    return token if token or options.host in LOOPBACK else secrets.token_urlsafe(24)


def _plan(text: str, apis: tuple[str, ...]) -> tuple[str, str]:
    api, _, plan = text.partition("=")
    if api not in AVAILABLE:
        raise UsageError(f"--plan {text}: must be API=PLAN, with an API of {', '.join(AVAILABLE)}")
    if api not in apis:
        raise UsageError(f"--plan {text}: {api} is not served; add --api {api}")
    plans = load(api).plans
    if not plans:
        raise UsageError(f"--plan {text}: {api} has no plans")
    if plan not in plans:
        raise UsageError(f"--plan {text}: {api} has no plan {plan!r}; there are {', '.join(plans)}")
    return api, plan


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "proxy": _proxy,
    "verify": _verify,
    "fuzz": _fuzz,
    "rules": _rules,
}
