"""Deduplication: find the record that a new one repeats, and merge into it (M28 to M33, Q18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.model import Deduplication
from mockserver.engine.normalize import NORMALIZERS
from mockserver.store.base import Transaction

Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The record that matched, and by which of the rule's names ("email", "phone")."""

    record_id: str
    matched_by: str


def keys_of(rule: Deduplication, data: Mapping[str, Any]) -> Keys:
    """The unique keys of a record, in order of precedence, each once: ("email", "sam@example.com")."""
    keys: dict[tuple[str, str], None] = {}
    for match in rule.match:
        normalize = NORMALIZERS[match.normalizer]
        for pointer in match.pointers:
            value = data.get(pointer[1:])
            key = normalize(value) if isinstance(value, str) and value else None
            if key is not None:
                keys[match.reported_as, key] = None
    return tuple(keys)


async def find(tx: Transaction, kind: str, keys: Keys) -> Found | None:
    """The record that holds the first of `keys` that any record holds."""
    for holder, (name, _) in zip(await tx.holders(kind, keys), keys, strict=True):
        if holder is not None:
            return Found(holder, name)
    return None


async def taken_by_others(tx: Transaction, kind: str, record_id: str, keys: Keys) -> set[str]:
    """The names of those `keys` that another record than `record_id` holds."""
    holders = await tx.holders(kind, keys)
    return {name for holder, (name, _) in zip(holders, keys, strict=True) if holder not in {None, record_id}}


def is_blank(value: object) -> bool:
    """Absent, null, "" and white space say nothing and so never clear a field (M32)."""
    return value is None or (isinstance(value, str) and not value.strip())


def merge(record: dict[str, Any], new: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    """Give `record` those of `fields` that `new` says something about; mappings merge per key (M32)."""
    for name in fields:
        value = new.get(name)
        if value is None:
            continue
        if isinstance(value, dict):
            record[name] = {**(record.get(name) or {}), **value}
        elif not isinstance(value, str) or value.strip():
            record[name] = value
