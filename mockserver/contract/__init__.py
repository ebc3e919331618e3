"""The contract of each vendor: the spec's YAML, read, checked and frozen. No HTTP, no storage."""

from __future__ import annotations

from mockserver.contract.loader import AVAILABLE, load, load_all
from mockserver.contract.model import Contract, ContractError, ContractErrors, Operation, Source
from mockserver.contract.schema import FieldError, Validator, compile_schema, resolve
from mockserver.contract.sources import source_of

__all__ = [
    "AVAILABLE",
    "Contract",
    "ContractError",
    "ContractErrors",
    "FieldError",
    "Operation",
    "Source",
    "Validator",
    "compile_schema",
    "load",
    "load_all",
    "resolve",
    "source_of",
]
