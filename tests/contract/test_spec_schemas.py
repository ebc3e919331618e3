"""The schemas of the real specs compile and fit their own examples; the vocabulary is sound itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from mockserver.contract import AVAILABLE, Contract, Operation, Validator, compile_schema, load, resolve
from mockserver.contract.model import NORMALIZERS, REASONS
from mockserver.contract.vocabulary import vocabulary


def media(contract: Contract, operation: Operation) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(place, media type object, whether it is a response's) of each body."""
    body = resolve(contract.document, operation.raw.get("requestBody", {}))
    for found in body.get("content", {}).values():
        yield f"{operation.id} request", found, False
    for status, response in operation.responses.items():
        for found in response.get("content", {}).values():
            yield f"{operation.id} {status}", found, True


def examples(found: dict[str, Any]) -> Iterator[Any]:
    if "example" in found:
        yield found["example"]
    for example in found.get("examples", {}).values():
        yield example["value"]


@pytest.mark.parametrize("name", AVAILABLE)
def test_every_example_fits_its_schema(name: str) -> None:
    contract = load(name)
    wrong = [
        f"{place}: {error}"
        for operation in contract.operations.values()
        for place, found, response in media(contract, operation)
        for example in examples(found)
        for error in Validator(compile_schema(found.get("schema", {}), response=response)).errors(example)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", AVAILABLE)
def test_every_schema_compiles(name: str) -> None:
    contract = load(name)
    for operation in contract.operations.values():
        for _, found, response in media(contract, operation):
            Validator(compile_schema(found.get("schema", {}), response=response))
        for parameter in operation.parameters:
            Validator(compile_schema(parameter.schema))
        if operation.batch:
            Validator(compile_schema(operation.batch.row_schema))


def test_the_vocabulary_is_json_schema_and_describes_every_extension() -> None:
    jsonschema_rs.meta.validate(vocabulary())
    definitions = vocabulary()["$defs"]
    assert [name for name, definition in definitions.items() if not definition.get("description")] == []


def test_the_vocabulary_and_the_model_know_the_same_words() -> None:
    definitions = vocabulary()["$defs"]
    assert definitions["reason"]["enum"] == list(REASONS)
    match = definitions["x-deduplication"]["properties"]["match"]["items"]["properties"]
    assert match["normalizer"]["enum"] == list(NORMALIZERS)
