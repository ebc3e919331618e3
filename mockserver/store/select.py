# ruff: noqa: S608 - what is put into statements are constants and checked fields; all values are parameters
"""A Query as SQL: the same matches in the same order as `table` finds in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from mockserver.store.values import BOOLEAN, NUMBER, OTHER, STRING, rank

if TYPE_CHECKING:
    from mockserver.store.base import Archived, Condition, Query
    from mockserver.store.dialect import Dialect

SORTED = ("created_at", "updated_at")
"""What lists are sorted by, unless somebody wants it otherwise: there is an index of each."""

Fragment = tuple[str, list[Any]]
"""SQL and the parameters of its placeholders, in order."""


class Matching(NamedTuple):
    """The condition for all that a query counts in its total, its parameters, and the table to look into."""

    text: str
    parameters: list[Any]
    table: str = "records"


_IN_ALL = "SELECT coalesce(sum(records), 0) FROM totals"
_COMPARISONS = {"eq": "=", "ge": ">=", "le": "<="}


def of_kind(tenant: str, kind: str | None, archived: Archived) -> Fragment:
    """Condition for a tenant's records of a kind, or of all."""
    text = "tenant = ?"
    parameters: list[Any] = [tenant]
    if kind is not None:
        text, parameters = f"{text} AND kind = ?", [*parameters, kind]
    if archived is not None:
        text, parameters = f"{text} AND archived = ?", [*parameters, int(archived)]
    return text, parameters


def matching(dialect: Dialect, tenant: str, query: Query) -> Matching:
    """The condition alone: how the records are found is the database's own affair."""
    text, parameters = of_kind(tenant, query.kind, query.archived)
    for condition in query.where:
        test, values = _test(dialect, condition)
        text += f" AND ({test})"
        parameters += values
    if query.search:
        text += f" AND ({' OR '.join(dialect.contains for _ in query.search)})"
        parameters += query.search
    return Matching(text, parameters)


def groups(query: Query) -> tuple[int, ...]:
    """The groups of values in the order in which the query's pages come to them; values differ in type between them."""
    values = (BOOLEAN, NUMBER, STRING)
    return (*(reversed(values) if query.descending else values), OTHER)


def counts(dialect: Dialect, where: Matching, query: Query) -> Fragment:
    """Statement for how many match in each group, by its number."""
    text, parameters, table = where
    group, counting = dialect.group(query.sort), f"SELECT count(*) FROM {table} WHERE {text}"
    if query.sort not in SORTED or query.where or query.search:
        return f"SELECT {group}, count(*) FROM {table} WHERE {text} GROUP BY 1", parameters
    # Almost all values are strings: the others are looked up in an index, and how many there are in all is known.
    others = [f"SELECT {each}, ({counting} AND {group} = {each})" for each in (BOOLEAN, NUMBER, OTHER)]
    less = "".join(f" - ({counting} AND {group} = {each})" for each in (BOOLEAN, NUMBER, OTHER))
    return " UNION ALL ".join([f"SELECT {STRING}, ({_IN_ALL} WHERE {text}){less}", *others]), parameters * 7


def count(tenant: str, kind: str, archived: Archived) -> Fragment:
    """Statement for the number of records of a kind."""
    text, parameters = of_kind(tenant, kind, archived)
    return f"{_IN_ALL} WHERE {text}", parameters


def page(dialect: Dialect, columns: str, where: Matching, query: Query, group: int) -> Fragment:
    """Statement for the records of one group, in order; what is still to be given are its LIMIT and OFFSET.

    Of the group that `query.after` is in, those after it.
    """
    text, parameters, table = where
    direction = "DESC" if query.descending else "ASC"
    order = ["id"] if group == OTHER else [dialect.value(query.sort, group), "id"]
    text += f" AND {dialect.group(query.sort)} = {group}"
    if query.after is not None and rank(query.after[0]) == group:
        after, values = _after(dialect, query.after, order, "<" if query.descending else ">")
        text, parameters = text + after, [*parameters, *values]
    order_by = ", ".join(f"{each} {direction}" for each in order)
    return f"SELECT {columns} FROM {table} WHERE {text} ORDER BY {order_by} LIMIT ? OFFSET ?", parameters


def _after(dialect: Dialect, last: tuple[Any, str], order: list[str], beyond: str) -> Fragment:
    value, record_id = last
    if len(order) == 1:
        return f" AND id {beyond} ?", [record_id]
    given = dialect.atom(rank(value))
    # The first test says what the second does, but for the id: SQLite finds the place in the index by it.
    text = f" AND {order[0]} {beyond}= {given} AND ({order[0]} {beyond} {given} OR id {beyond} ?)"
    return text, [_json(value), _json(value), record_id]


def _test(dialect: Dialect, condition: Condition) -> Fragment:
    field, wanted = condition.field, condition.value
    if condition.op == "in":
        tests = [_compare(dialect, field, "=", value) for value in wanted if value is not None]
        return " OR ".join(text for text, _ in tests) or "1 = 0", [one for _, values in tests for one in values]
    if condition.op == "has":
        return dialect.has(field, None if wanted is None else rank(wanted)), [_json(wanted)]
    if condition.op == "ne":
        present = f"{dialect.rank(field)} IS NOT NULL"
        if wanted is None:
            return present, []
        text, values = _compare(dialect, field, "=", wanted)
        return f"{present} AND NOT ({text})", values
    if wanted is None:
        return (f"{dialect.rank(field)} IS NULL" if condition.op == "eq" else "1 = 0"), []
    return _compare(dialect, field, _COMPARISONS[condition.op], wanted)


def _compare(dialect: Dialect, field: str, operator: str, wanted: object) -> Fragment:
    group = rank(wanted)
    text = f"{dialect.rank(field)} = {group} AND {dialect.value(field, group)} {operator} {dialect.atom(group)}"
    return text, [_json(wanted)]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
