"""What was measured, as lines of a file: nothing is lost when a run ends early."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one server: `work` says of what. `failed` says why there are no values."""

    work: str
    server: str
    values: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""


class Samples:
    """All samples of a run, kept in a file as they come."""

    def __init__(self, path: Path, samples: Iterable[Sample] = ()) -> None:
        self._path = path
        self._samples = list(samples)

    @classmethod
    def new(cls, path: Path) -> Samples:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
        return cls(path)

    @classmethod
    def read(cls, path: Path) -> Samples:
        """Those of the last run. Raises FileNotFoundError."""
        return cls(path, (Sample(**json.loads(line)) for line in path.read_text("utf-8").splitlines()))

    def add(self, sample: Sample) -> None:
        self._samples.append(sample)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(sample)) + "\n")

    def of(self, work: str, server: str) -> list[Mapping[str, float]]:
        """The values of each round that did not fail."""
        found = (sample for sample in self._samples if (sample.work, sample.server) == (work, server))
        return [sample.values for sample in found if not sample.failed]

    def median(self, work: str, server: str, name: str) -> float | None:
        """Over the rounds; None where there is no value."""
        values = [values[name] for values in self.of(work, server) if name in values]
        return median(values) if values else None

    def failure(self, work: str, server: str) -> str:
        """Why there is no value; empty where there is one, or where it was not tried."""
        if self.of(work, server):
            return ""
        found = (sample for sample in self._samples if (sample.work, sample.server) == (work, server))
        return next((sample.failed for sample in found), "")

    def servers(self, work: str) -> list[str]:
        """The names of those that it was tried with, in order."""
        return list(dict.fromkeys(sample.server for sample in self._samples if sample.work == work))

    def works(self) -> list[str]:
        """The names of everything that was tried, in order."""
        return list(dict.fromkeys(sample.work for sample in self._samples))
