"""The control plane keeps its own contract: Schemathesis against a live server, and the document itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from mockserver.control.operations import ControlSpec
from mockserver.settings import Settings
from tests.edge_cases.live import Live

TOKEN = "a-token-of-the-test"


def test_whatever_is_sent_is_answered_as_the_contract_says(tmp_path: Path) -> None:
    """No 5xx, no undeclared status, header, media type or shape; and nothing goes without the token."""
    with Live(Settings(control_token=TOKEN)) as server:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.origin}/_mock/docs/control/openapi.json"),
            *("--url", f"{server.origin}/_mock", "--seed", "1", "--max-examples", "3", "--no-color"),
            *("--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--warnings", "off"),
            # It never ends, by design; tests of its own watch it.
            *("--exclude-path", "/requests/stream"),
            # Which tenants, plans and events there are is no matter of the schema: naming others is refused.
            *("--exclude-checks", "positive_data_acceptance", "--request-timeout", "60"),
            *("--generation-database", "none", "--header", f"Authorization: Bearer {TOKEN}"),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]


def test_every_operation_is_served_and_documented(server: Live) -> None:
    document = httpx.get(f"{server.origin}/_mock/docs/control/openapi.json").json()
    spec = ControlSpec()
    assert document == spec.document
    assert len({operation.id for operation in spec.operations}) == len(spec.operations) > 30
    assert "swagger-ui" in httpx.get(f"{server.origin}/_mock/docs/control/").text
