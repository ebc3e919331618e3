"""`leadmock serve`: the server's options, and the settings that they make."""

from __future__ import annotations

import argparse
import os
import secrets
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from mockserver.contract import AVAILABLE, ContractError, load
from mockserver.listening import LOOPBACK
from mockserver.serving import Service
from mockserver.settings import Settings
from mockserver.store import StoreError, is_shared
from mockserver.usage import TOKEN_VARIABLE, UsageError

_MOST_WORKERS = 64
_JOURNAL = 1000
_SHORTEST_TOKEN = 8


def add_serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)
    add = parser.add_argument
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
        metavar="N",
        help="keep the last N requests with answers to look at; 0 keeps none (default: 1000; 0 with several workers)",
    )
    add(
        "--control-token",
        metavar="TOKEN",
        help=f"what the control plane demands (default: ${TOKEN_VARIABLE}; made up where --host is not this machine)",
    )
    add("--log", choices=("text", "json", "off"), default="text", help="form of the request log (default: text)")


def _serve(options: argparse.Namespace) -> int:
    if options.replay is not None:
        # The proxy's half of the product, which serving does without.
        return int(import_module("mockserver.commands.proxy").replay(options))
    try:
        service = Service(_settings(options), options.host, options.port, options.log)
        if not service.run():
            return 2
    except (StoreError, ContractError) as error:
        raise UsageError(str(error)) from None
    print("leadmock stopped")
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    apis = tuple(dict.fromkeys(options.api or AVAILABLE))
    for api in apis:
        if api not in AVAILABLE:
            meant = get_close_matches(api.lower(), AVAILABLE, n=1)
            hint = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(AVAILABLE)}"
            raise UsageError(f"--api {api}: there is no such API; {hint}")
    if not 0 < options.webhook_pace <= 1000:  # noqa: PLR2004  # a thousand times slower is a typing mistake
        raise UsageError(f"--webhook-pace {options.webhook_pace}: must be above 0 and at most 1000")
    if options.journal is not None and options.journal < 0:
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
        journal=_journal(options),
        workers=options.workers,
        control_token=_control_token(options),
    )


def _journal(options: argparse.Namespace) -> int:
    """Several workers are there for much traffic, and keeping a request in the database takes a round trip."""
    if options.journal is not None:
        return int(options.journal)
    return _JOURNAL if options.workers == 1 else 0


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
    return token if token or options.host in LOOPBACK else secrets.token_hex(24)


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
