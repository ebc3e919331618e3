"""`leadmock webhooks`: deliveries, and events that no operation fires."""

from __future__ import annotations

import argparse
from typing import Any

from mockserver.client import ControlClient
from mockserver.commands.control import Actions, add_tenant_of, object_of


def add_webhooks(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    actions.add("list", "list deliveries with their attempts", _deliveries, _deliveries_options)
    actions.add("redeliver", "deliver again, at once", _redeliver, _redeliver_options)
    actions.add("emit", "make an event happen that no operation fires", _emit, _emit_options)


def _deliveries_options(parser: argparse.ArgumentParser) -> None:
    add_tenant_of(parser)
    parser.add_argument("--state", choices=("pending", "delivered", "failed", "cancelled"), help="only in this state")
    parser.add_argument("--event", help="only of this event")


def _deliveries(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.deliveries(options.api, options.tenant, state=options.state, event=options.event)


def _redeliver_options(parser: argparse.ArgumentParser) -> None:
    add_tenant_of(parser)
    parser.add_argument("delivery", help="the id of the delivery")


def _redeliver(client: ControlClient, options: argparse.Namespace) -> Any:
    return client.redeliver(options.api, options.tenant, options.delivery)


def _emit_options(parser: argparse.ArgumentParser) -> None:
    add_tenant_of(parser)
    parser.add_argument("event", help="such as deal.won")
    parser.add_argument("data", type=object_of, help='JSON, such as \'{"id": "deal_…"}\'')


def _emit(client: ControlClient, options: argparse.Namespace) -> Any:
    return f"{client.emit(options.api, options.tenant, options.event, options.data)} webhooks are told"
