"""The subcommands that look into a running mock, rewind it and break it: each is one call of its control plane."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from mockserver.client import ControlClient, RequestSummary

TOKEN_VARIABLE = "LEADMOCK_CONTROL_TOKEN"  # noqa: S105  # a name, not a token
_URL = "http://127.0.0.1:8080"

Run = Callable[[ControlClient, argparse.Namespace], Any]
_Commands = Any  # argparse does not name the type of add_subparsers().


def add_commands(commands: _Commands) -> None:
    """Add the subcommands; each has `run` among its defaults, to be given to `run`."""
    _requests(commands)
    _add(commands, "reset", "start again, or empty one tenant", _reset, _tenant_or_all)
    _tenants(commands)
    _add(commands, "seed", "create records from a JSON, YAML or CSV file", _seed, _seed_options)
    _add(commands, "records", "list what a tenant holds", _records, _records_options)
    _webhooks(commands)
    _clock(commands)
    _faults(commands)
    _snapshots(commands)


def run(options: argparse.Namespace) -> int:
    """Run one of them and print what it gives: lines to read, or JSON with --json. Raises ControlError."""
    token = options.token or os.environ.get(TOKEN_VARIABLE)
    with ControlClient(options.url, token=token) as client:
        found = options.run(client, options)
        if options.json:
            print(json.dumps(_plain(found), ensure_ascii=False, indent=2))
        else:
            for line in _lines(found):
                print(line)
    return 0


def _add(
    commands: _Commands,
    name: str,
    does: str,
    runs: Run,
    options: Callable[[argparse.ArgumentParser], None] | None = None,
) -> None:
    parser = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    if options is not None:
        options(parser)
    parser.add_argument("--url", default=_URL, help=f"address of the running mock (default: {_URL})")
    parser.add_argument("--token", help=f"its control token (default: ${TOKEN_VARIABLE})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=runs)


def _group(commands: _Commands, name: str, does: str) -> _Commands:
    parser = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    return parser.add_subparsers(dest=f"{name}_command", required=True, metavar="ACTION")


# requests, explain


def _requests(commands: _Commands) -> None:
    _add(commands, "requests", "list the last requests, or show one", _list_requests, _requests_options)
    _add(commands, "explain", "tell why a request was answered so", _explain, _request_id)


def _requests_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("id", nargs="?", help="show this one whole")
    for name, does in _FILTERS.items():
        add(f"--{name}", help=does)
    add("--limit", type=int, default=20, help="at most so many (default: 20)")
    add("--follow", "-f", action="store_true", help="go on with those that arrive")
    add("--count", action="store_true", help="only their number")
    add("--clear", action="store_true", help="forget them all")


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
        return f"{client.clear_requests(api=options.api, tenant=options.tenant)} forgotten"
    if options.count:
        return client.count_requests(**filters)
    if options.follow:
        for each in client.watch(**filters):
            line = json.dumps(asdict(each), ensure_ascii=False) if options.json else _line(each)
            print(line, flush=True)
        return []
    return client.requests(limit=options.limit, **filters)[::-1]


def _request_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", nargs="?", help="of the request, as `leadmock requests` lists it (default: the last refused)"
    )


def _explain(client: ControlClient, options: argparse.Namespace) -> Any:
    if options.id:
        return client.explain(options.id)
    refused = client.requests(status="4xx", limit=1)
    return client.explain(refused[0].id) if refused else "no request was refused"


# reset, tenants, records


def _tenant_or_all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("api", nargs="?", help="the API of the one tenant to empty")
    parser.add_argument("tenant", nargs="?", help="the id of the one tenant to empty")


def _reset(client: ControlClient, options: argparse.Namespace) -> Any:
    if options.api is None:
        client.reset()
        return "everything is as at the start"
    tenants = [options.tenant] if options.tenant else [each.id for each in client.tenants(options.api)]
    for tenant in tenants:
        client.reset_tenant(options.api, tenant)
    return f"{options.api}: emptied {', '.join(tenants)}"


def _tenants(commands: _Commands) -> None:
    group = _group(commands, "tenant", "tenants and their credentials: list, create, delete, key, revoke")
    _add(group, "list", "list tenants", lambda client, options: client.tenants(options.api), _maybe_api)
    _add(group, "create", "create an empty tenant and its first credential", _create_tenant, _create_options)
    _add(group, "delete", "delete a tenant and all it holds", _delete_tenant, _one_tenant)
    _add(group, "key", "add a credential to a tenant", _create_key, _key_options)
    _add(group, "revoke", "revoke a credential", _revoke, _revoke_options)


def _maybe_api(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("api", nargs="?", help="only this API")


def _one_tenant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("api", help="the API")
    parser.add_argument("tenant", help="the id of the tenant")


def _create_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("api", help="the API")
    add("--id", help="its id (default: a fresh one)")
    add("--name", help="what the journal calls it")
    add("--plan", help="a plan of the API")
    add(
        "--scope",
        action="append",
        dest="scopes",
        metavar="SCOPE",
        help="what its key may do; repeatable (default: all)",
    )
    add("--secret", help="its key (default: a fresh one)")
    add("--unlimited", action="store_true", default=None, help="no rate limits and no quotas")
    add("--no-rate-limits", action="store_true", default=None, dest="unmetered", help="no rate limits; quotas stay")
    add("--per-minute", type=int, metavar="N", help="its own limit: so many requests a minute")


def _create_tenant(client: ControlClient, options: argparse.Namespace) -> Any:
    names = ("id", "name", "plan", "scopes", "secret", "unlimited", "unmetered")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.per_minute is not None:
        given["limits"] = {"default": [{"limit": options.per_minute, "seconds": 60}]}
    return client.create_tenant(options.api, **given)


def _delete_tenant(client: ControlClient, options: argparse.Namespace) -> Any:
    client.delete_tenant(options.api, options.tenant)
    return f"{options.api}: {options.tenant} is gone"


def _key_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("--scope", action="append", dest="scopes", metavar="SCOPE", help="what it may do; repeatable")
    parser.add_argument("--secret", help="the key itself (default: a fresh one)")


def _create_key(client: ControlClient, options: argparse.Namespace) -> Any:
    given = {name: getattr(options, name) for name in ("scopes", "secret") if getattr(options, name) is not None}
    return client.create_credential(options.api, options.tenant, **given)


def _revoke_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("credential", help="the id of the credential, as `leadmock tenant list` shows it")


def _revoke(client: ControlClient, options: argparse.Namespace) -> Any:
    client.revoke_credential(options.api, options.tenant, options.credential)
    return f"{options.credential} is no longer valid"


def _seed_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("file", type=Path, help="ends in .json, .yaml, .yml or .csv")
    parser.add_argument("--operation", help="the create operation to use (default: the API's first)")


def _seed(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.seed(options.api, options.tenant, options.file, operation=options.operation)


def _records_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("--kind", default="lead", help="the kind of records (default: lead)")
    parser.add_argument("--archived", action="store_true", help="archived ones too")


def _records(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.records(options.api, options.tenant, kind=options.kind, archived=options.archived)


# webhooks, clock, faults, snapshots


def _webhooks(commands: _Commands) -> None:
    group = _group(commands, "webhooks", "webhook deliveries: list, redeliver, emit")
    _add(group, "list", "list deliveries with their attempts", _deliveries, _deliveries_options)
    _add(group, "redeliver", "deliver again, at once", _redeliver, _redeliver_options)
    _add(group, "emit", "make an event happen that no operation fires", _emit, _emit_options)


def _deliveries_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("--state", choices=("pending", "delivered", "failed", "cancelled"), help="only in this state")
    parser.add_argument("--event", help="only of this event")


def _deliveries(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.deliveries(options.api, options.tenant, state=options.state, event=options.event)


def _redeliver_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("delivery", help="the id of the delivery")


def _redeliver(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.redeliver(options.api, options.tenant, options.delivery)


def _emit_options(parser: argparse.ArgumentParser) -> None:
    _one_tenant(parser)
    parser.add_argument("event", help="such as deal.won")
    parser.add_argument("data", type=json.loads, help='JSON, such as \'{"id": "deal_…"}\'')


def _emit(client: ControlClient, options: argparse.Namespace) -> Any:
    return f"{client.emit(options.api, options.tenant, options.event, options.data)} webhooks are told"


def _clock(commands: _Commands) -> None:
    group = _group(commands, "clock", "the mock's time: show, freeze, advance, resume, reset")
    _add(group, "show", "tell the time", lambda client, _: client.clock())
    _add(group, "freeze", "stop the clock", lambda client, options: client.freeze(options.at), _freeze_options)
    _add(
        group, "advance", "move the clock forward", lambda client, options: client.advance(options.by), _advance_options
    )
    _add(group, "resume", "let the clock run on from where it stands", lambda client, _: client.resume())
    _add(group, "reset", "return to the machine's time", lambda client, _: client.reset_clock())


def _freeze_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("at", nargs="?", help="a moment such as 2027-01-01T00:00:00Z (default: now)")


def _advance_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("by", type=_duration, metavar="DURATION", help="such as 90, 90s, 5m, 25h or 2d")


def _duration(text: str) -> float:
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86_400}.get(text[-1:])
    number = float(text if unit is None else text[:-1])
    return number * (unit or 1)


def _faults(commands: _Commands) -> None:
    group = _group(commands, "fault", "faults: list, add, remove, clear")
    _add(group, "list", "list the faults that are on", lambda client, _: client.faults())
    _add(group, "add", "switch on a fault", _add_fault, _fault_options)
    _add(group, "remove", "switch off a fault", _remove_fault, _fault_id)
    _add(group, "clear", "switch off all faults", lambda client, _: f"{client.clear_faults()} switched off")


_KINDS = ("status", "rate-limit", "latency", "drop", "lost-response", "truncate", "malformed", "slow")
_FAULT_OPTIONS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "api": (str, "only this API"),
    "operation": (str, "only this operation, by its operationId"),
    "tenant": (str, "only the tenant with this id"),
    "times": (int, "so many requests and no more"),
    "probability": (float, "of each request, such as 0.1"),
    "latency": (float, "seconds to wait first"),
    "status": (int, "of the answer of `status` (default: 503)"),
    "retry-after": (int, "seconds, of `rate-limit` (default: 30)"),
    "seconds": (float, "how long `slow` takes (default: 5)"),
    "body": (json.loads, "JSON to answer with, of `status`"),
}


def _fault_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=_KINDS, help="what goes wrong: " + ", ".join(_KINDS), metavar="KIND")
    for name, (kind, does) in _FAULT_OPTIONS.items():
        parser.add_argument(f"--{name}", type=kind, help=does)


def _add_fault(client: ControlClient, options: argparse.Namespace) -> Any:
    names = [name.replace("-", "_") for name in _FAULT_OPTIONS]
    return client.add_fault(options.kind, **{name: v for name in names if (v := getattr(options, name)) is not None})


def _fault_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fault", help="the id of the fault")


def _remove_fault(client: ControlClient, options: argparse.Namespace) -> Any:
    client.remove_fault(options.fault)
    return f"{options.fault} is off"


def _snapshots(commands: _Commands) -> None:
    group = _group(commands, "snapshot", "snapshots of the whole state: list, take, restore, delete")
    _add(group, "list", "list snapshots", lambda client, _: client.snapshots())
    for name, does in (
        ("take", "take a snapshot"),
        ("restore", "go back to a snapshot"),
        ("delete", "delete a snapshot"),
    ):
        _add(group, name, does, _on_snapshot(name), _snapshot_name)


def _on_snapshot(action: str) -> Run:
    def run_it(client: ControlClient, options: argparse.Namespace) -> Any:
        actions = {
            "take": client.take_snapshot,
            "restore": client.restore_snapshot,
            "delete": client.delete_snapshot,
        }
        actions[action](options.name)
        return f"{options.name}: done"

    return run_it


def _snapshot_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the name of the snapshot")


# What is printed


def _plain(found: Any) -> Any:
    if is_dataclass(found) and not isinstance(found, type):
        return asdict(found)
    return [_plain(each) for each in found] if isinstance(found, list) else found


def _lines(found: Any) -> list[str]:
    if isinstance(found, list):
        return [
            line for each in found for line in ([_line(each)] if isinstance(each, RequestSummary) else _lines(each))
        ]
    if isinstance(found, RequestSummary):
        return [_line(found)]
    plain = _plain(found)
    if not isinstance(plain, dict):
        return [_safe(str(plain))]
    return [_safe(f"{name}: {_short(value)}") for name, value in plain.items()] + [""]


def _line(each: RequestSummary) -> str:
    who = f" [{each.tenant_name}]" if each.tenant_name else ""
    target = f"{each.path}?{each.query}" if each.query else each.path
    return _safe(f"{each.id}  {each.time}  {each.method} {target} {each.status}{who} {each.outcome}")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _safe(text: str) -> str:
    """Without characters that could steer a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
