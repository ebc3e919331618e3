"""What is particular to a vendor: one module each, whose handlers are named after the operationIds.

A module has, beside its handlers:
`world(tenant_id) -> Mapping`    what a new tenant is set up with (stages, users, pipelines);
`new_secret() -> str`            a fresh credential in the documented form;
`seed(tx, tenant, now) -> None`  optional, the records that a demo tenant starts with;
`emit(tx, event, data, now)`     optional, makes an event happen and gives the number of deliveries; with it
`subject(tx, event, id)`         what the event would tell of a record that there is, or None.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def module(api: str) -> ModuleType:
    """The module of one API, imported at first need."""
    return import_module(f"mockserver.vendors.{api}")
