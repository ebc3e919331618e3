"""`leadmock seed` and `records`: what a tenant holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mockserver.client import ControlClient
from mockserver.commands.control import add_call, add_tenant_of


def add_seed(parser: argparse.ArgumentParser) -> None:
    add_tenant_of(parser)
    parser.add_argument("file", type=Path, help="ends in .json, .yaml, .yml or .csv")
    parser.add_argument("--operation", help="the create operation to use (default: the API's first)")
    add_call(parser, _seed, lambda report: not report.refused)


def _seed(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.seed(options.api, options.tenant, options.file, operation=options.operation)


def add_records(parser: argparse.ArgumentParser) -> None:
    add_tenant_of(parser)
    parser.add_argument("--kind", default="lead", help="the kind of records (default: lead)")
    parser.add_argument("--archived", action="store_true", help="archived ones too")
    add_call(parser, _records)


def _records(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.records(options.api, options.tenant, kind=options.kind, archived=options.archived)
