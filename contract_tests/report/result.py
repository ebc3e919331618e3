"""One run and its verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mockserver.contract import Source

from ..rule import Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """`level` is the weakest level that was tried; `created` counts what the run left on the target, by operation.
    `seed` is None where nothing was drawn: what others sent was looked at.
    """

    api: str
    title: str
    target: str
    level: str
    seed: int | None
    seconds: float
    requests: int
    verdicts: tuple[Verdict, ...]
    created: Mapping[str, int] = field(default_factory=dict)
    variables: tuple[str, ...] = ()

    def those(self, status: str) -> Iterator[Verdict]:
        return (verdict for verdict in self.verdicts if verdict.status == status)

    def count(self, status: str) -> int:
        return sum(1 for _ in self.those(status))

    @property
    def needed(self) -> tuple[str, ...]:
        """The shell variables that the curl lines need, beside URL."""
        lines = "\n".join(line for verdict in self.those("broken") for line in verdict.curl)
        return tuple(name for name in self.variables if f"${name}" in lines)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(verdict.rule.kind for verdict in self.verdicts))

    @property
    def summary(self) -> str:
        """Such as: 120 kept, 2 broken, 3 not checked."""
        return f"{self.count('kept')} kept, {self.count('broken')} broken, {self.count('not-checked')} not checked"


def cited(source: Source) -> str:
    """Where a promise comes from, in words: the vendor's sentence and its document, or the decision."""
    match source.level:
        case "documented":
            return f'"{source.text}" ({source.document})'
        case "vendor-page":
            return f"{source.text} ({source.page})"
    return f"{source.text} (our decision{f' {source.decision}' if source.decision else ''}; the vendor is silent)"
