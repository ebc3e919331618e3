"""`leadmock fault`: what an API is told to do wrong."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from mockserver.client import ControlClient, Fault
from mockserver.commands.control import Actions, json_of


def add_fault(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    actions.add("list", "list the faults that are on", _list_faults)
    actions.add("add", "switch on a fault", _add_fault, _fault_options)
    actions.add("remove", "switch off a fault", _remove_fault, _fault_id)
    actions.add("clear", "switch off all faults", lambda client, _: f"{client.clear_faults()} switched off")


_KINDS = ("status", "rate-limit", "latency", "drop", "lost-response", "truncate", "malformed", "slow")
_FAULT_OPTIONS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "api": (str, "only this API"),
    "operation": (str, "only this operation, by its operationId"),
    "tenant": (str, "only the tenant with this id"),
    "times": (int, "so many requests and no more"),
    "probability": (float, "of each request, such as 0.1"),
    "latency": (float, "seconds to wait first, with every kind"),
    "status": (int, "of the answer of `status` (default: 503)"),
    "retry-after": (int, "seconds, of `rate-limit` (default: 30)"),
    "seconds": (float, "how long `slow` takes (default: 5)"),
    "body": (json_of, "JSON to answer with, of `status`"),
}


# What makes a difference with one kind, or two.
_OF_KINDS = {
    "status": ("status",),
    "body": ("status",),
    "headers": ("status", "rate-limit"),
    "retry_after": ("rate-limit",),
    "seconds": ("slow",),
}
# What makes none where it is so.
_WITHOUT_EFFECT = {"probability": 1.0, "latency": 0.0}


def _list_faults(client: ControlClient, options: argparse.Namespace) -> Any:
    return [_told(fault, options) for fault in client.faults()]


def _told(fault: Fault, options: argparse.Namespace) -> Any:
    """All of it for a program; for a reader what this fault does, and not what one of another kind would."""
    if options.json:
        return fault
    return {
        name: value
        for name, value in asdict(fault).items()
        if fault.kind in _OF_KINDS.get(name, (fault.kind,)) and value != _WITHOUT_EFFECT.get(name)
    }


def _fault_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=_KINDS, help="what goes wrong: " + ", ".join(_KINDS), metavar="KIND")
    for name, (kind, does) in _FAULT_OPTIONS.items():
        parser.add_argument(f"--{name}", type=kind, help=does)


def _add_fault(client: ControlClient, options: argparse.Namespace) -> Any:
    names = [name.replace("-", "_") for name in _FAULT_OPTIONS]
    given = {name: v for name in names if (v := getattr(options, name)) is not None}
    return _told(client.add_fault(options.kind, **given), options)


def _fault_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("fault", help="the id of the fault")


def _remove_fault(client: ControlClient, options: argparse.Namespace) -> Any:
    client.remove_fault(options.fault)
    return f"{options.fault} is off"
