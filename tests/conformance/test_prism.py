"""A foreign reader of the specs agrees: Prism finds no fault with the answers of the mock, nor with the examples."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.contract import AVAILABLE, Contract, Operation, load, resolve
from mockserver.docs import credential_headers
from mockserver.settings import Settings
from mockserver.tenants import demo_credentials
from tests.conformance.prism import PROGRAM, ROOT, Prism, is_there, violations
from tests.serving import Serving

pytestmark = pytest.mark.skipif(os.environ.get("LEADMOCK_NO_NODE") == "1", reason="LEADMOCK_NO_NODE=1: no Node.js here")

# No trial sends what is not JSON: Prism waits for ever for the answer to that.

# An object within an object is right for no member of any request.
_WRONG: dict[str, Any] = {"no": {"such": []}}


@dataclass(frozen=True, slots=True)
class Trial:
    """A request; `valid` is None where only the answer counts."""

    what: str
    operation: Operation
    path: str
    valid: bool | None
    headers: Mapping[str, str]
    query: Mapping[str, str]
    json: Any = None


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    assert is_there(), (
        f"Prism is not at {PROGRAM.relative_to(ROOT)}: run `npm install`, or `make test`, which does it;"
        " where there is no Node.js, set LEADMOCK_NO_NODE=1"
    )
    with Serving("--unlimited", "--log", "off") as running:
        yield running


@pytest.mark.parametrize("api", AVAILABLE)
def test_prism_finds_no_fault_with_the_answers(api: str, serving: Serving, tmp_path: Path) -> None:
    """Each example and each kind of wrong request goes through its validating proxy."""
    contract = load(api)
    credential = credential_headers(contract, demo_credentials(contract, Settings(unlimited=True))[0])
    tried = 0
    with (
        Prism(contract.document, serving.origin + contract.base_path, tmp_path) as prism,
        httpx.Client(base_url=prism.origin, timeout=30) as client,
    ):
        for operation in _in_order(contract):
            ids = _ids_for(contract, operation, client, credential)
            for trial in _trials(contract, operation, credential, ids):
                _try(trial, client)
                tried += 1
    assert tried >= 5 * len(contract.operations)


def test_prism_would_find_a_fault(tmp_path: Path, serving: Serving) -> None:
    """Where the paths are those of another API, with answers of its own."""
    contract = load("convertiq")
    document = {**contract.document, "paths": {"/leads/capture": contract.document["paths"]["/leads/create"]}}
    headers = {"x-api-key": "sqk_live_your_api_key"}
    with Prism(document, f"{serving.origin}/api", tmp_path) as prism:
        answer = httpx.post(
            f"{prism.origin}/leads/capture", headers=headers, json={"name": "Asha", "phone": "9876500000"}
        )
    assert answer.status_code == 201
    said = violations(answer.headers["sl-violations"], "response")
    assert any("lead" in message for message in said), said


def _try(trial: Trial, client: httpx.Client) -> None:
    operation = trial.operation
    answer = client.request(
        operation.method, trial.path, headers=dict(trial.headers), params=dict(trial.query), json=trial.json
    )
    header = answer.headers.get("sl-violations", "")
    said = f"{operation.id}, {trial.what}: {answer.status_code} {answer.text[:300]}\n{header}"
    assert not violations(header, "response"), said
    assert answer.status_code != 500, said
    if trial.valid is None:
        return
    # Prism and the mock are of one mind on what is valid.
    assert (answer.status_code < 300) is trial.valid, said
    assert bool(violations(header, "request")) is not trial.valid, said


def _in_order(contract: Contract) -> list[Operation]:
    """Webhooks last: no event may go to the addresses that the examples name."""
    kinds = {operation.record_kind for operation in contract.operations.values() if operation.webhooks is not None}
    return sorted(contract.operations.values(), key=lambda operation: operation.record_kind in kinds)


def _trials(
    contract: Contract, operation: Operation, credential: Mapping[str, str], ids: Iterator[str]
) -> Iterator[Trial]:
    def trial(what: str, *, valid: bool | None = False, **changes: Any) -> Trial:
        path = changes.pop("path", None) or operation.path.replace("{id}", next(ids))
        given: dict[str, Any] = {"headers": credential, "query": {}, **changes}
        return Trial(what, operation, path, valid=valid, **given)

    media = operation.raw.get("requestBody", {}).get("content", {})
    bodies = [
        (name, media_type, example["value"])
        for media_type, content in media.items()
        for name, example in content["examples"].items()
    ]
    for name, media_type, body in bodies:
        yield trial(f"example {name}", valid=True, json=body, headers={**credential, "content-type": media_type})
    first = bodies[0][2] if bodies else None
    if not bodies:
        yield trial("without parameters", valid=True)
    for parameter in resolve(contract.document, operation.raw.get("parameters", [])):
        if parameter.get("in") == "query":
            yield from _query_trials(trial, parameter)
    if not operation.public:
        yield trial("without a credential", json=first, headers={})
    if "{id}" in operation.path:
        yield trial(
            "of a record that is not there", valid=None, json=first, path=operation.path.replace("{id}", "lead_0")
        )
    if isinstance(first, dict):
        yield trial("as text", json=first, headers={**credential, "content-type": "text/plain"})
        yield trial("with a list for a body", json=[first])
        for member in (operation.body_schema or {}).get("properties", {}):
            yield trial(f"with a wrong {member}", json={**first, member: _WRONG})


def _query_trials(trial: Any, parameter: Mapping[str, Any]) -> Iterator[Trial]:
    name, schema = parameter["name"], parameter.get("schema", {})
    if "example" in parameter:
        yield trial(f"with the example of {name}", valid=True, query={name: _text(parameter["example"])})
    if schema.get("type") in {"integer", "boolean"} or "enum" in schema:
        yield trial(f"with a wrong {name}", query={name: "no"})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ids_for(
    contract: Contract, operation: Operation, client: httpx.Client, credential: Mapping[str, str]
) -> Iterator[str]:
    """Ids of fresh records, found where the contract's links say that they are."""
    if "{id}" not in operation.path:
        while True:
            yield ""
    creator = next(
        op
        for op in contract.operations.values()
        if op.record_kind == operation.record_kind and op.record_action == "create"
    )
    created = next(status for status in creator.responses if status < 300)
    links = creator.responses[created]["links"].values()
    expression = next(link["parameters"]["id"] for link in links if link["operationId"] == operation.id)
    body = next(iter(creator.raw["requestBody"]["content"]["application/json"]["examples"].values()))["value"]
    while True:
        found = client.request(creator.method, creator.path, headers=dict(credential), json=body).json()
        for step in expression.removeprefix("$response.body#/").split("/"):
            found = found[step]
        yield found
