"""The `leadmock` command with limits that nobody reaches: each request is counted, and none is too many.

    python -m benchmarks.metered serve --api mega --port 9000

With `--unlimited` nothing would be counted, and the count is a part of the work that is measured.
"""

from __future__ import annotations

from dataclasses import replace

import mockserver.app
from mockserver import cli
from mockserver.contract import load
from mockserver.contract.model import Contract, Operation

#: What RateLimit-Limit says, by which a measurement can tell that requests are counted.
LIMIT = 1_000_000_000


def generous(name: str) -> Contract:
    """The contract of an API, with every window wide open."""
    contract = load(name)
    operations = {name: _generous(operation) for name, operation in contract.operations.items()}
    return replace(contract, operations=operations)


def _generous(operation: Operation) -> Operation:
    limits = operation.rate_limit
    if limits is None or limits.windows is None:
        return operation
    windows = tuple(replace(window, limit=LIMIT) for window in limits.windows)
    return replace(operation, rate_limit=replace(limits, windows=windows))


def main() -> int:
    vars(mockserver.app)["load"] = generous
    return cli.main()


if __name__ == "__main__":
    raise SystemExit(main())
