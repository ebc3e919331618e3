"""`leadmock reset` and `snapshot`: the whole state, or that of one tenant."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from mockserver.client import ControlClient
from mockserver.commands.control import Actions, Call, add_call


def add_reset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("api", nargs="?", help="the API of the one tenant to empty")
    parser.add_argument("tenant", nargs="?", help="the id of the one tenant to empty")
    add_call(parser, _reset)


def _reset(client: ControlClient, options: argparse.Namespace) -> Any:
    if options.api is None:
        client.reset()
        return "everything is as at the start"
    tenants = [options.tenant] if options.tenant is not None else [each.id for each in client.tenants(options.api)]
    for tenant in tenants:
        client.reset_tenant(options.api, tenant)
    return f"{options.api}: emptied {', '.join(tenants)}"


def add_snapshot(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    actions.add("list", "list snapshots", lambda client, _: client.snapshots())
    actions.add("take", "take a snapshot", _done(ControlClient.take_snapshot), _snapshot_name)
    actions.add("restore", "go back to a snapshot", _done(ControlClient.restore_snapshot), _snapshot_name)
    actions.add("delete", "delete a snapshot", _done(ControlClient.delete_snapshot), _snapshot_name)


def _done(action: Callable[[ControlClient, str], None]) -> Call:
    def call(client: ControlClient, options: argparse.Namespace) -> str:
        action(client, options.name)
        return f"{options.name}: done"

    return call


def _snapshot_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the name of the snapshot")
