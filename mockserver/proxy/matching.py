"""Finding the recorded exchange that answers a request: the same one, or the next of the same form."""

from __future__ import annotations

import difflib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from mockserver.contract.model import Contract
from mockserver.proxy.exchange import Request, is_deep
from mockserver.proxy.recording import Recorded, without_numbers
from mockserver.proxy.redaction import Redactor

Query = tuple[tuple[str, str], ...]

_TOLD = 3
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request counts. Credentials do not. `body` is its JSON, or else its text; equal secrets are equal."""

    method: str
    path: str
    query: Query
    body: Any

    @property
    def key(self) -> tuple[str, ...]:
        """Equal for requests that are the same."""
        return (*self._where, json.dumps(self.body, sort_keys=True))

    @property
    def form(self) -> tuple[str, ...]:
        """Equal for requests that differ in values of the body alone, such as an email made up anew at each run."""
        return (*self._where, json.dumps(_form(self.body), sort_keys=True))

    @property
    def _where(self) -> tuple[str, str, str]:
        return (self.method, self.path, json.dumps(self.query))


def asked(contract: Contract, request: Request) -> Asked:
    """What counts of a request, recorded or not."""
    redacted = Redactor(contract).request(request)
    text = without_numbers(redacted.body.decode("utf-8", "replace"))
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    if is_deep(body):
        body = text
    try:
        query = parse_qsl(without_numbers(redacted.query), keep_blank_values=True)
    except ValueError:
        query = [("", redacted.query)]
    return Asked(request.method, unquote(redacted.path), tuple(sorted(query)), body)


def _form(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _form(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_form(one) for one in value]
    if isinstance(value, bool) or value is None:
        return str(type(value).__name__)
    return "number" if isinstance(value, int | float) else "text"


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded exchange; `differs` says where the body has another value, if it has."""

    recorded: Recorded
    differs: tuple[str, ...] = ()


class Tape:
    """Recorded exchanges, answered in their order: the same request again and again gets one after the other, the last
    one for ever.
    """

    def __init__(self, recorded: Sequence[tuple[Recorded, Asked]]) -> None:
        self._all = recorded
        self._same: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, (_, one) in enumerate(recorded):
            self._same[one.key].append(at)
            self._alike[one.form].append(at)
        self._times: dict[tuple[str, ...], int] = defaultdict(int)
        self._used: set[int] = set()
        # A request that was answered as another one goes on as that one.
        self._taken_for: dict[tuple[str, ...], tuple[str, ...]] = {}

    def find(self, one: Asked) -> Found | None:
        """The exchange that answers it, None if nothing like it was recorded, or no more."""
        key = self._taken_for.get(one.key, one.key)
        if key not in self._same:
            unused = (at for at in self._alike.get(one.form, ()) if at not in self._used)
            at = next(unused, None)
            if at is None:
                return None
            key = self._taken_for[one.key] = self._all[at][1].key
        places = self._same[key]
        at = places[min(self._times[key], len(places) - 1)]
        self._times[key] += 1
        self._used.add(at)
        recorded, wanted = self._all[at]
        return Found(recorded, tuple(differences(wanted.body, one.body)))

    def nearest(self, one: Asked) -> str:
        """The recorded request that is most like it, and what differs, in words."""
        recorded, other = max(self._all, key=lambda pair: _likeness(pair[1], one))
        told = []
        if other.method != one.method:
            told.append(f"its method is {other.method}")
        if other.path != one.path:
            told.append(f"its path is {other.path[:200]}")
        if at := list(_query_differences(other.query, one.query)):
            told.append(f"its query differs at {_some(at)}")
        if found := list(differences(other.body, one.body)):
            told.append(f"its body differs{': ' if found[0].startswith('it') else ' at '}{_some(found)}")
        what = "; ".join(told) or "it was answered to another request of the same form already"
        return f"the nearest is line {recorded.line}, {other.method} {other.path[:200]}: {what}"


def _likeness(other: Asked, one: Asked) -> tuple[bool, bool, float, bool, float, float]:
    path = difflib.SequenceMatcher(None, other.path, one.path).quick_ratio()
    there, here = (json.dumps(body, sort_keys=True)[:2000] for body in (other.body, one.body))
    body = difflib.SequenceMatcher(None, there, here).quick_ratio()
    return (
        other.path == one.path and other.method == one.method,
        other.path == one.path,
        path,
        other.method == one.method,
        _query_likeness(other.query, one.query),
        body,
    )


def _query_likeness(there: Query, here: Query) -> float:
    """1 for equal ones. A parameter with another value is half as good as one with the same, and better than none."""
    pairs = (Counter(there) & Counter(here)).total()
    names = (Counter(name for name, _ in there) & Counter(name for name, _ in here)).total()
    return (pairs + names) / max(1, len(there) + len(here)) if there or here else 1.0


def _query_differences(there: Query, here: Query) -> Iterator[str]:
    """Where two queries differ, by the names of parameters, with the values there and here."""
    for name in dict.fromkeys(name for name, _ in (*there, *here)):
        recorded, now = ([value for each, value in query if each == name] for query in (there, here))
        if not now:
            yield f"{name[:_SHORT]} ({_values(recorded)} there, missing here)"
        elif not recorded:
            yield f"{name[:_SHORT]} ({_values(now)}, only here)"
        elif recorded != now:
            yield f"{name[:_SHORT]} ({_values(recorded)} there, {_values(now)} here)"


def _values(found: Sequence[str]) -> str:
    return _shown(found[0] if len(found) == 1 else found)


def _some(places: Sequence[str]) -> str:
    more = f" and at {len(places) - _TOLD} more" if len(places) > _TOLD else ""
    return f"{', '.join(places[:_TOLD])}{more}"


def differences(recorded: Any, now: Any, at: str = "") -> Iterator[str]:
    """Where two bodies differ, as JSON pointers with the values there and here."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*recorded, *now)):
            pointer = f"{at}/{name}"
            if name not in now:
                yield f"{pointer} (missing here)"
            elif name not in recorded:
                yield f"{pointer} (only here)"
            else:
                yield from differences(recorded[name], now[name], pointer)
    elif isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        for number, (one, other) in enumerate(zip(recorded, now, strict=True)):
            yield from differences(one, other, f"{at}/{number}")
    elif type(recorded) is not type(now) or recorded != now:
        yield f"{at or 'its root'} ({_shown(recorded)} there, {_shown(now)} here)"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
