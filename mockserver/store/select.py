# ruff: noqa: S608 - what is put into statements are constants and checked fields; all values are parameters
"""A Query as SQL: the same matches in the same order as `table` finds in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockserver.store.values import BOOLEAN, NUMBER, OTHER, STRING, rank

if TYPE_CHECKING:
    from mockserver.store.base import Archived, Condition, Query
    from mockserver.store.dialect import Dialect

Fragment = tuple[str, list[Any]]
"""SQL and the parameters of its placeholders, in order."""

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


def matching(dialect: Dialect, tenant: str, query: Query) -> Fragment:
    """Condition for all that the query counts in its total."""
    text, parameters = of_kind(tenant, query.kind, query.archived)
    for condition in query.where:
        test, values = _test(dialect, condition)
        text += f" AND ({test})"
        parameters += values
    if query.search:
        text += f" AND ({' OR '.join(dialect.contains for _ in query.search)})"
        parameters += query.search
    return text, parameters


def page(dialect: Dialect, columns: str, where: Fragment, query: Query) -> Fragment:
    """Statement for the query's page and one record more. `columns` must include id."""
    text, parameters = where
    group = f"coalesce({dialect.rank(query.sort)}, {OTHER})"
    direction = "DESC" if query.descending else "ASC"
    # A column for each type of values, where they have different ones: of a group, one is filled.
    sorts = dict.fromkeys(dialect.value(query.sort, each) for each in (BOOLEAN, NUMBER, STRING))
    named = {value: f"sort_value_{number}" for number, value in enumerate(sorts)}
    chosen = "".join(f", CASE WHEN {group} < {OTHER} THEN {value} END AS {name}" for value, name in named.items())
    after = ""
    values: list[Any] = []
    if query.after is not None:
        value = dialect.value(query.sort, rank(query.after[0]))
        after, values = _after(dialect, query.after, named[value], query.descending)
    order = "".join(f", {name} {direction}" for name in named.values())
    return (
        f"SELECT {columns} FROM (SELECT {columns}, {group} AS sort_group{chosen} FROM records WHERE {text}) AS found"
        f" {after} ORDER BY sort_group = {OTHER}, sort_group {direction}{order}, id {direction} LIMIT ? OFFSET ?"
    ), [*parameters, *values, query.limit + 1, query.offset]


def _after(dialect: Dialect, last: tuple[Any, str], column: str, descending: bool) -> Fragment:  # noqa: FBT001  # a direction
    value, record_id = last
    group, beyond = rank(value), "<" if descending else ">"
    if group == OTHER:
        return f"WHERE sort_group = {OTHER} AND id {beyond} ?", [record_id]
    atom, given = _json(value), dialect.atom(group)
    return (
        f"WHERE sort_group = {OTHER} OR sort_group {beyond} {group} OR (sort_group = {group} AND"
        f" ({column} {beyond} {given} OR ({column} = {given} AND id {beyond} ?)))"
    ), [atom, atom, record_id]


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
