"""`leadmock requests` and `explain`: the journal."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from mockserver.client import ControlClient
from mockserver.commands.control import add_call, line_of
from mockserver.usage import UsageError


def add_requests(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("id", nargs="?", help="show this one whole")
    for name, does in _FILTERS.items():
        add(f"--{name}", help=does)
    add("--limit", type=int, default=20, help="at most so many (default: 20)")
    add("--follow", "-f", action="store_true", help="go on with those that arrive")
    add("--count", action="store_true", help="only their number")
    add("--clear", action="store_true", help="forget them all, or those of --api and --tenant")
    add_call(parser, _list_requests)


_FILTERS = {
    "api": "only this API",
    "operation": "only this operation, by its operationId",
    "tenant": "only the tenant with this id",
    "status": "only this status, or a class such as 4xx",
    "method": "only this method",
    "path": "only paths that contain this",
    "body": "only bodies that contain this",
    "since": "only those after the request with this id",
}


def _list_requests(client: ControlClient, options: argparse.Namespace) -> Any:
    filters = {name: getattr(options, name) for name in _FILTERS if getattr(options, name) is not None}
    if options.id:
        return client.request(options.id)
    if options.clear:
        if unable := filters.keys() - {"api", "tenant"}:
            raise UsageError(f"--{min(unable)}: does not go with --clear, which forgets by --api and --tenant alone")
        return f"{client.clear_requests(api=options.api, tenant=options.tenant)} forgotten"
    if options.count:
        return client.count_requests(**filters)
    if options.follow:
        # Ctrl-C is how one leaves it.
        with suppress(KeyboardInterrupt):
            for each in client.watch(**filters):
                line = json.dumps(asdict(each), ensure_ascii=False) if options.json else line_of(each)
                print(line, flush=True)
        return []
    return client.requests(limit=options.limit, **filters)[::-1]


def add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", help="of the request, as `leadmock requests` lists it (default: the last refused)"
    )
    add_call(parser, _explain)


def _explain(client: ControlClient, options: argparse.Namespace) -> Any:
    if options.id:
        return client.explain(options.id)
    refused = client.requests(status="4xx", limit=1)
    return client.explain(refused[0].id) if refused else "no request was refused"
