"""The `leadmock` command."""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import socket
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import uvicorn

from mockserver import __version__
from mockserver.app import Mock
from mockserver.connection import Connection
from mockserver.console import attempt_log, request_log, welcome
from mockserver.contract import AVAILABLE, ContractError, load
from mockserver.settings import Settings
from mockserver.store import StoreError
from mockserver.twin import Twin

_PATIENCE_SECONDS = 2
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


class UsageError(Exception):
    """The command cannot do what it is asked; the text says why and what to do. Exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status: 0 done, 2 could not run."""
    given = sys.argv[1:] if arguments is None else arguments
    # A name in any script may be told on any terminal.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser(given).parse_args(given)
        return _COMMANDS[options.command](options)
    except (UsageError, StoreError, ContractError) as error:
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
    add("--database", metavar="FILE", help="keep state in this SQLite file instead of in memory")
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
    add("--log", choices=("text", "json", "off"), default="text", help="form of the request log (default: text)")
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


def _suite() -> types.ModuleType:
    """The contract suite, which the wheel has below this package. Raises UsageError where its libraries are missing."""
    package = f"{__package__}.contract_tests" if find_spec(f"{__package__}.contract_tests") else "contract_tests"
    try:
        return import_module(f"{package}.command")
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
    settings = _settings(options)
    listener = _listen(options.host, options.port)
    origin = _origin(options.host, listener)
    observe = None if options.log == "off" else request_log(options.log)
    on_attempt = None if options.log == "off" else attempt_log(options.log)
    try:
        mock = Mock(
            settings,
            observe=observe,
            on_attempt=on_attempt,
            on_ready=lambda: _announce(origin, mock, loopback=options.host in _LOOPBACK),
        )
        config = uvicorn.Config(
            mock,
            lifespan="on",
            log_level="error",
            access_log=False,
            server_header=False,
            http=Connection,
            ws="none",
            # A client that never ends its request must not keep the server from ending.
            timeout_graceful_shutdown=_PATIENCE_SECONDS,
        )
        server = uvicorn.Server(config)
        # The end that a service manager asks for is as clean as that of Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    if not server.started:
        return 2
    print("leadmock stopped")
    return 0


def _announce(origin: str, mock: Mock, *, loopback: bool) -> None:
    shown = {name: next(iter(directory)) for name, directory in mock.directories.items()}
    state = mock.settings.database or "in memory, gone when it stops"
    print(welcome(origin, mock.contracts, shown, state, __version__))
    if not loopback:
        webhooks = "yes" if mock.settings.loopback_webhooks else "no"
        print(
            f"Other machines can reach it, with keys that anybody can read here. Webhooks to 127.0.0.1: {webhooks}.\n"
        )
    print("Ready.", flush=True)


def _settings(options: argparse.Namespace) -> Settings:
    apis = tuple(dict.fromkeys(options.api or AVAILABLE))
    for api in apis:
        if api not in AVAILABLE:
            meant = get_close_matches(api.lower(), AVAILABLE, n=1)
            hint = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(AVAILABLE)}"
            raise UsageError(f"--api {api}: there is no such API; {hint}")
    if not 0 < options.webhook_pace <= 1000:  # noqa: PLR2004  # a thousand times slower is a typing mistake
        raise UsageError(f"--webhook-pace {options.webhook_pace}: must be above 0 and at most 1000")
    loopback = options.loopback_webhooks
    return Settings(
        apis=apis,
        database=options.database,
        plans=dict(_plan(text, apis) for text in options.plan),
        unmetered=options.no_rate_limits,
        unlimited=options.unlimited,
        loopback_webhooks=options.host in _LOOPBACK if loopback == "auto" else loopback == "yes",
        webhook_pace=options.webhook_pace,
    )


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


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:  # noqa: PLR2004  # the largest port there is
        raise UsageError(f"--port {port}: must be from 0 to 65535; 0 takes a free one")
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, OverflowError) as error:
        raise UsageError(f"--host {host} --port {port}: cannot be used ({error})") from None
    family, kind, protocol, _, address = infos[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        busy = getattr(error, "errno", None) == errno.EADDRINUSE
        hint = "try --port 0 for a free port" if busy else "choose another --host or --port"
        raise UsageError(f"cannot listen on {host}:{port} ({reason}); {hint}") from None
    return listener


def _origin(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # only compared
    return f"http://{shown}:{port}"


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "verify": _verify,
    "fuzz": _fuzz,
    "rules": _rules,
}
