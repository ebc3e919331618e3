"""How JSON values are looked up, compared and ordered. `sql` says the same in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mockserver.store.base import Condition

BOOLEAN, NUMBER, STRING, OTHER = range(4)
NULL_ENTRY = (OTHER,)
"""Sorts before every entry without a sort value and after every entry with one."""

_RANKS = {bool: BOOLEAN, int: NUMBER, float: NUMBER, str: STRING}


def rank(value: Any) -> int:
    """Group within which values are ordered; OTHER = null, list or object."""
    return _RANKS.get(type(value), OTHER)


def entry(value: Any, record_id: str) -> tuple[int, Any, str]:
    """What an index sorts by: comparable whatever the values' types."""
    group = rank(value)
    return (group, None if group == OTHER else value, record_id)


def getter(field: str) -> Callable[[dict[str, Any]], Any]:
    """Reader of a member or dotted path; None when it is missing."""
    path = field.split(".")
    if len(path) == 1:
        return lambda data: data.get(field)

    def get(data: dict[str, Any]) -> Any:
        found: Any = data
        for name in path:
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found

    return get


def same(left: Any, right: Any) -> bool:
    """JSON equality of atoms: Python's, but true is not 1."""
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def test_of(condition: Condition) -> Callable[[dict[str, Any]], bool]:
    """The condition as a function of a record's data."""
    get, wanted = getter(condition.field), condition.value
    match condition.op:
        case "eq":
            return lambda data: same(get(data), wanted)
        case "ne":
            return lambda data: (value := get(data)) is not None and not same(value, wanted)
        case "ge":
            return lambda data: _comparable(value := get(data), wanted) and value >= wanted
        case "le":
            return lambda data: _comparable(value := get(data), wanted) and value <= wanted
        case "has":
            return lambda data: isinstance(value := get(data), list) and _among(wanted, value)
        case "in":
            return lambda data: (value := get(data)) is not None and _among(value, wanted)


def _comparable(left: Any, right: Any) -> bool:
    return rank(left) == rank(right) != OTHER


def _among(value: Any, values: Iterable[Any]) -> bool:
    return any(same(value, one) for one in values)
