"""The mock keeps its promises when its state is in PostgreSQL: those that rest on state most."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests import command
from mockserver.app import Mock
from mockserver.contract import AVAILABLE
from mockserver.twin import Twin
from tests.postgres import cluster

# Limits rest on it too, but take a thousand requests: tests/shared and tests/edge_cases try them.
_KINDS = ("races", "idempotency", "deduplication", "model")


def _built_in(api: str) -> tuple[Mapping[str, Any], Mock]:
    twin = Twin(api, cluster().fresh())
    return twin.described(), twin.mock


@pytest.mark.parametrize("api", AVAILABLE)
def test_the_mock_on_postgresql_breaks_no_rule(api: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_verify(parser.add_argument)
    kinds = [part for kind in _KINDS for part in ("--kind", kind)]
    options = parser.parse_args([api, "--strict", "--max-examples", "3", *kinds])
    assert command.verify(options, _built_in) == 0, capsys.readouterr().out
