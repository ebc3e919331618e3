"""The `leadmock` command: which subcommands there are, and where. Only the one that is named is imported."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from mockserver import __version__
from mockserver.garbage import uncollected
from mockserver.usage import UsageError


class _Command(NamedTuple):
    """Its `module` in `commands` has `add_<name>`. `more` follows what it `does` in its own help."""

    module: str
    does: str
    more: str = ""


_COMMANDS: Mapping[str, _Command] = {
    "serve": _Command("serve", "run the mock server", "All APIs on one port, each at its vendor's own path."),
    "requests": _Command("requests", "list the last requests, or show one"),
    "explain": _Command("requests", "tell why a request was answered so"),
    "reset": _Command("state", "start again, or empty one tenant"),
    "tenant": _Command("tenants", "tenants and their credentials: list, create, delete, key, revoke"),
    "seed": _Command(
        "records",
        "create records from a JSON, YAML or CSV file",
        "The vendor's rules decide about each row. Exit: 0 all taken, 1 some refused, 2 not done.",
    ),
    "records": _Command("records", "list what a tenant holds"),
    "webhooks": _Command("webhooks", "webhook deliveries: list, redeliver, emit"),
    "clock": _Command("clock", "the mock's time: show, freeze, advance, resume, reset"),
    "fault": _Command("faults", "faults: list, add, remove, clear"),
    "snapshot": _Command("state", "snapshots of the whole state: list, take, restore, delete"),
    "proxy": _Command(
        "proxy",
        "stand between a client and the real API, and hold both to the contract",
        "Exit: 0 no deviation, 1 some, 2 could not run, or the API never answered.",
    ),
    "verify": _Command(
        "suite",
        "try every promise of a contract against an implementation",
        "Exit: 0 all kept, 1 something broken, 2 not run.",
    ),
    "fuzz": _Command(
        "suite",
        "keep trying an implementation with new seeds",
        "Each new failure is told once and kept. Exit: as verify.",
    ),
    "rules": _Command("suite", "list the promises of the contracts", "Where each comes from, and what tries it."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status: 0 done, 1 not all is well, 2 could not run."""
    given = sys.argv[1:] if arguments is None else arguments
    # A name in any script may be told on any terminal.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with uncollected(stays=arguments is None):
            parser = _parser(given)
        options = parser.parse_args(given)
        return int(options.run(options))
    except UsageError as error:
        print(f"leadmock: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("leadmock: interrupted", file=sys.stderr)
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
    for name, command in _COMMANDS.items():
        described = f"{command.does[0].upper()}{command.does[1:]}. {command.more}"
        own = commands.add_parser(name, help=command.does, description=described)
        if name in given[:1]:
            getattr(import_module(f"{__package__}.commands.{command.module}"), f"add_{name}")(own)
    return parser
