"""The subcommands as a whole: what there is, and that each is started without the others."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mockserver.cli import main
from tests.serving import leadmock

COMMANDS = {
    "serve": ("run the mock server", "--database"),
    "requests": ("list the last requests", "--follow"),
    "explain": ("tell why a request", "--token"),
    "reset": ("start again", "--token"),
    "tenant": ("tenants and their credentials", "create"),
    "seed": ("create records from", "--operation"),
    "records": ("list what a tenant holds", "--archived"),
    "webhooks": ("webhook deliveries", "redeliver"),
    "clock": ("the mock's time", "advance"),
    "fault": ("faults: list, add", "clear"),
    "snapshot": ("snapshots of the whole state", "restore"),
    "proxy": ("stand between a client", "--upstream"),
    "verify": ("try every promise", "--max-examples"),
    "fuzz": ("keep trying", "--seed"),
    "rules": ("list the promises", "API"),
}


def test_help_lists_every_command_with_its_sentence() -> None:
    result = leadmock("--help")
    assert result.returncode == 0
    listed = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("    ") and line[4] != " "]
    assert listed == list(COMMANDS)
    for sentence, _ in COMMANDS.values():
        assert sentence in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_tells_its_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    sentence, option = COMMANDS[command]
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"{sentence[0].upper()}{sentence[1:]}" in told
    assert option in told


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"httpx", "uvicorn", "connexion", "mockserver.contract", "mockserver.client"}),
        (["clock", "show", "--url", "http://127.0.0.1:1"], {"uvicorn", "connexion", "yaml", "mockserver.contract"}),
        (["explain", "--url", "http://127.0.0.1:1"], {"uvicorn", "connexion", "mockserver.store", "mockserver.app"}),
        (
            ["serve", "--workers", "0"],
            {"mockserver.client", "mockserver.proxy", "mockserver.twin", "contract_tests", "hypothesis", "pytest"},
        ),
        (["rules", "no-such-api"], {"mockserver.app", "mockserver.client", "mockserver.proxy", "connexion"}),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_a_command_imports_nothing_that_it_does_without(arguments: list[str], unneeded: set[str]) -> None:
    """Who looks at a request should not wait for a server to be read."""
    code = f"""
import atexit, sys
from mockserver.cli import main
atexit.register(lambda: print(*sys.modules))
main({arguments})
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    modules = set(result.stdout.splitlines()[-1].split())
    assert "mockserver.cli" in modules, result.stderr
    assert not modules & unneeded
