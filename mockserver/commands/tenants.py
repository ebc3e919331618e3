"""`leadmock tenant`: tenants and their credentials."""

from __future__ import annotations

import argparse
from typing import Any

from mockserver.client import ControlClient
from mockserver.commands.control import Actions, add_tenant_of


def add_tenant(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    actions.add("list", "list tenants", lambda client, options: client.tenants(options.api), _maybe_api)
    actions.add("create", "create an empty tenant and its first credential", _create_tenant, _create_options)
    actions.add("delete", "delete a tenant and all it holds", _delete_tenant, add_tenant_of)
    actions.add("key", "add a credential to a tenant", _create_key, _key_options)
    actions.add("revoke", "revoke a credential", _revoke, _revoke_options)


def _maybe_api(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("api", nargs="?", help="only this API")


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
    add_tenant_of(parser)
    parser.add_argument("--name", help="what it is called (default: as its tenant)")
    parser.add_argument("--scope", action="append", dest="scopes", metavar="SCOPE", help="what it may do; repeatable")
    parser.add_argument("--secret", help="the key itself (default: a fresh one)")


def _create_key(client: ControlClient, options: argparse.Namespace) -> Any:
    names = ("name", "scopes", "secret")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return client.create_credential(options.api, options.tenant, **given)


def _revoke_options(parser: argparse.ArgumentParser) -> None:
    add_tenant_of(parser)
    parser.add_argument("credential", help="the id of the credential, as `leadmock tenant list` shows it")


def _revoke(client: ControlClient, options: argparse.Namespace) -> Any:
    client.revoke_credential(options.api, options.tenant, options.credential)
    return f"{options.credential} is no longer valid"
