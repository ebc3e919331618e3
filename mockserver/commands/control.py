"""What is common to the commands that look into a running mock: each is one call of its control plane."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from http import HTTPStatus
from typing import Any

from mockserver.client import ControlClient, ControlError, RequestSummary, Tenant
from mockserver.engine.words import printable
from mockserver.usage import TOKEN_VARIABLE, UsageError

_URL = "http://127.0.0.1:8080"

# Of what is told these have members of their own. Any other object is JSON that somebody has sent, and told as such.
_PARTS = frozenset(("request", "response", "rule"))

Call = Callable[[ControlClient, argparse.Namespace], Any]
"""What a command does. It gives what is to be printed: text, or what the client gives, one of it or a list."""


def add_call(parser: argparse.ArgumentParser, call: Call, whole: Callable[[Any], bool] = lambda _: True) -> None:
    """Make a command of the call: it prints lines to read, or JSON with --json, and fails where that is not `whole`."""
    parser.add_argument("--url", default=_URL, help=f"address of the running mock (default: {_URL})")
    parser.add_argument("--token", help=f"its control token (default: ${TOKEN_VARIABLE})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda options: _run(call, whole, options))


class Actions:
    """The actions of a command, such as `list` of `leadmock tenant list`."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(
        self, name: str, does: str, call: Call, options: Callable[[argparse.ArgumentParser], None] | None = None
    ) -> None:
        parser = self._commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
        if options is not None:
            options(parser)
        add_call(parser, call)


def add_tenant_of(parser: argparse.ArgumentParser) -> None:
    """Which tenant it is about: `api` and `tenant`."""
    parser.add_argument("api", help="the API")
    parser.add_argument("tenant", help="the id of the tenant")


def json_of(text: str) -> Any:
    """An argument that is JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"{text[:100]!r} is not JSON: {error}") from None


def object_of(text: str) -> dict[str, Any]:
    """An argument that is an object of JSON."""
    found = json_of(text)
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f'{text[:100]!r} is no object of JSON; write it like \'{{"id": "…"}}\'')
    return found


def _run(call: Call, whole: Callable[[Any], bool], options: argparse.Namespace) -> int:
    token = options.token or os.environ.get(TOKEN_VARIABLE)
    try:
        with ControlClient(options.url, token=token) as client:
            found = call(client, options)
    except ControlError as error:
        way_out = f"; give it with --token, or in ${TOKEN_VARIABLE}" if error.status == HTTPStatus.UNAUTHORIZED else ""
        raise UsageError(f"{error}{way_out}") from None
    except (LookupError, TypeError) as error:
        text = f"{options.url} tells not what this version knows ({error!r}); see that it is a leadmock of this version"
        raise UsageError(text) from None
    if options.json:
        print(json.dumps(_plain(found), ensure_ascii=False, indent=2))
    else:
        for line in _lines(found):
            print(line)
    return 0 if whole(found) else 1


def _plain(found: Any) -> Any:
    if is_dataclass(found) and not isinstance(found, type):
        return asdict(found)
    return [_plain(each) for each in found] if isinstance(found, list) else found


def _lines(found: Any) -> list[str]:
    if isinstance(found, list):
        return [
            line for each in found for line in ([line_of(each)] if isinstance(each, RequestSummary) else _lines(each))
        ]
    if isinstance(found, RequestSummary):
        return [line_of(found)]
    plain = _plain(found)
    if not isinstance(plain, dict):
        return [printable(str(plain))]
    lines = [line for name, value in plain.items() for line in _member(name, value)]
    if isinstance(found, Tenant) and not found.credentials:
        lines.append("credentials: none that is valid; `leadmock tenant key` adds one")
    return [*map(printable, lines), ""]


def _member(name: str, value: Any) -> list[str]:
    """What there is not is not told; of several, each has a line."""
    if value in (None, "", [], (), {}):
        return []
    if isinstance(value, list | tuple):
        return [f"{name}:", *(f"  {_of_several(each)}" for each in value)]
    if name in _PARTS and isinstance(value, dict):
        return [f"{name}:", *(f"  {line}" for key, each in value.items() for line in _member(key, each))]
    return [f"{name}: {_short(value)}"]


def _of_several(value: Any) -> str:
    """A header, which is a pair, as it is written in a request."""
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(each, str) for each in value):  # noqa: PLR2004  # see above
        return ": ".join(value)
    return _short(value)


def line_of(each: RequestSummary) -> str:
    """A request in one line."""
    who = f" [{each.tenant_name}]" if each.tenant_name else ""
    target = f"{each.path}?{each.query}" if each.query else each.path
    return printable(f"{each.id}  {each.time}  {each.method} {target} {each.status}{who} {each.outcome}")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
