"""Which process tries a rule, when there are several."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_rules_that_spend_one_key_stay_in_one_process() -> None:
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--numprocesses=2", "--api=salesiq"]
    done = subprocess.run(
        [*command, "contract_tests/test_limits.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    processes = re.findall(r"^\[(gw\d)\].*test_limits\[salesiq/", done.stdout, re.MULTILINE)
    assert len(processes) > 10, done.stdout
    assert len(set(processes)) == 1, done.stdout
