"""What came of a run: every broken promise once, with the request that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """`curl` repeats the request, credentials and all; it is empty where no single request is to blame."""

    operation: str
    check: str
    phase: str
    message: str
    curl: str

    def __str__(self) -> str:
        lines = "\n".join(f"    {line}" for line in f"{self.message}\n{self.curl}".strip().splitlines())
        return f"{self.operation}: {self.check} ({self.phase})\n{lines}"


@dataclass(frozen=True, slots=True)
class Report:
    """`requests` by phase, `statuses` by operation and status, `checks` those that were tried at least once."""

    api: str
    seed: int
    seconds: float
    requests: Mapping[str, int]
    statuses: Mapping[tuple[str, int], int]
    checks: tuple[str, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many requests were sent."""
        return sum(self.requests.values())

    def broken(self) -> set[str]:
        """The names of the checks that failed."""
        return {failure.check for failure in self.failures}

    def reached(self, operation: str) -> set[int]:
        """The statuses that an operation, such as `POST /leads`, answered with."""
        return {status for label, status in self.statuses if label == operation}

    def __str__(self) -> str:
        phases = ", ".join(f"{number} {phase}" for phase, number in self.requests.items())
        head = f"{self.api}: seed {self.seed}, {self.total} requests ({phases}) in {self.seconds:.1f} s"
        parts = [f"{head}, {len(self.failures)} failures", *map(str, self.failures)]
        return "\n".join([*parts, *(f"warning: {warning}" for warning in self.warnings)])
