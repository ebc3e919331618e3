"""The generated part of docs/benchmarks.md: what stands between two marks. The text around them is written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.table import Table

BEGIN = "<!-- What is between here and END is written by `make bench`; do not edit it. -->"
END = "<!-- END -->"


class NoMarks(Exception):
    """The page has no place for the tables; the text says what is missing."""


def body(tables: Iterable[Table], summary: str, machine: Mapping[str, str], command: str) -> str:
    """The results as Markdown: headline, machine, tables."""
    facts = [f"- {name}: {value}" for name, value in machine.items()]
    parts = [f"**{summary}**", f"Measured by `{command}` on:", "\n".join(facts)]
    return "\n\n".join([*parts, *(table.as_markdown() for table in tables)])


def write(path: Path, text: str) -> None:
    """Put the text between the marks. Raises NoMarks."""
    page = path.read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarks(f"{path.name}: there is no {END if begin else BEGIN!r} line to write the tables after")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", "utf-8")
