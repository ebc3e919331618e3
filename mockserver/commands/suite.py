"""`leadmock verify`, `fuzz` and `rules`: the contract suite, whose options are its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from mockserver.contract import ContractError
from mockserver.store import StoreError
from mockserver.usage import UsageError


def add_verify(parser: argparse.ArgumentParser) -> None:
    suite().add_verify(parser.add_argument)
    parser.set_defaults(run=lambda options: _tried(lambda: suite().verify(options, _built_in)))


def add_fuzz(parser: argparse.ArgumentParser) -> None:
    suite().add_fuzz(parser.add_argument)
    parser.set_defaults(run=lambda options: _tried(lambda: suite().fuzz(options, _built_in)))


def add_rules(parser: argparse.ArgumentParser) -> None:
    suite().add_rules(parser.add_argument)
    parser.set_defaults(run=lambda options: _tried(lambda: suite().list_rules(options)))


def suite(part: str = "command") -> ModuleType:
    """A module of the contract suite, which the wheel has below our package. Raises UsageError where its libraries
    are missing.
    """
    inside = "mockserver.contract_tests"
    package = inside if find_spec(inside) else "contract_tests"
    try:
        return import_module(f"{package}.{part}")
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing; install it with: pip install 'leadmock[verify]'") from None


def _tried(command: Callable[[], int]) -> int:
    try:
        return command()
    except (suite().TargetError, ContractError, StoreError) as error:
        raise UsageError(str(error)) from None


def _built_in(api: str) -> tuple[Mapping[str, Any], Any]:
    """The mock as a target of the suite: what a target file would say of it, and the application."""
    # Whoever tries another implementation does without the mock.
    twin = import_module("mockserver.twin").Twin(api)
    return twin.described(), twin.mock
