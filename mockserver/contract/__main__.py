"""`python -m mockserver.contract specs/*.yaml`: looks at specs, tells what each holds or all that is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mockserver.contract.loader import AVAILABLE, load
from mockserver.contract.model import Contract, ContractError


def main(arguments: Sequence[str]) -> int:
    """0 if every spec is sound, 1 otherwise. Arguments are paths or names; all the specs if there are none."""
    sound = True
    for name in arguments or AVAILABLE:
        try:
            print(summary(name, load(name)))
        except ContractError as error:
            print(error)
            sound = False
    return 0 if sound else 1


def summary(name: str, contract: Contract) -> str:
    """What a contract holds, in one line."""
    operations = contract.operations.values()
    kinds = ("deduplication", "idempotency", "batch", "webhooks", "quota", "rate_limit")
    behaviours = sum(getattr(operation, kind) is not None for operation in operations for kind in kinds)
    counts = ((len(operations), "operation"), (behaviours, "behaviour"), (len(contract.events), "event"))
    said = [*counts, (len(contract.sources), "source")]
    return f"{name}: ok ({', '.join(_counted(number, noun) for number, noun in said)})"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
