"""Records as a test reads them: `lead.contact_email`, `lead["contact_email"]`, and a repr that says what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True


class Record(Mapping[str, Any]):
    """One record of a tenant as it was when it was read. Equal to a dictionary with the same members."""

    __slots__ = ("_data", "_kind")

    def __init__(self, kind: str, data: Mapping[str, Any]) -> None:
        self._kind = kind
        self._data = dict(data)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._data[name]
        except KeyError:
            raise AttributeError(f"this {self._kind} has no {name!r}{meant(name, self._data)}") from None

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._data.items() if value not in (None, "", [], {}))
        return f"{self._kind.title().replace('-', '')}({shown})"


def meant(name: str, known: Mapping[str, Any]) -> str:
    """The end of a sentence about an unknown name: what was probably meant, or all there is."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(known))}"
