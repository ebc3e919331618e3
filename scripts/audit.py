"""Look up every pinned dependency in the advisory database: exit 1 if one is known to be vulnerable.

    python scripts/audit.py constraints.txt

Where the service cannot be reached nothing is known, which is said and is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_SECONDS = 60
_PATIENCE_SECONDS = 10  # for one answer of the service
# What requests, which pip-audit uses, raises where there is no way to the service.
_UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "SSLError", "Could not connect")


def main(constraints: str) -> int:
    command = [sys.executable, "-m", "pip_audit", "--requirement", constraints, "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", str(_PATIENCE_SECONDS)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603  # our own
    except subprocess.TimeoutExpired:
        return _unknown(f"no answer within {_SECONDS} s")
    if not run.stdout.startswith("{"):
        reason = run.stderr.strip().rpartition("\n")[2]
        if any(word in run.stderr for word in _UNREACHABLE):
            return _unknown(reason[:200])
        print(f"audit: pip-audit failed: {reason}", file=sys.stderr)
        return 1
    return _tell(json.loads(run.stdout)["dependencies"])


def _tell(dependencies: list[dict[str, Any]]) -> int:
    audited = [each for each in dependencies if "skip_reason" not in each]
    if not audited:
        return _unknown(str(dependencies[0]["skip_reason"]) if dependencies else "there are no dependencies")
    found = [(each, advisory) for each in audited for advisory in each["vulns"]]
    for each, advisory in found:
        fixed = ", ".join(advisory["fix_versions"]) or "no release yet"
        print(f"audit: {each['name']} {each['version']}: {advisory['id']}, fixed in {fixed}", file=sys.stderr)
    skipped = len(dependencies) - len(audited)
    print(
        f"audit: {len(audited)} dependencies, {len(found)} advisories" + (f"; {skipped} not known" if skipped else "")
    )
    return 1 if found else 0


def _unknown(reason: str) -> int:
    print(f"audit: NOT AUDITED, the advisory service could not be asked: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
