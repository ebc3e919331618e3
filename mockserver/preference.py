"""`Prefer: code=429` and `Prefer: example=name`, as Prism's users know them: the contract's own example, on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Operation
from mockserver.engine.refusal import Refusal
from mockserver.reply import Answer, dump, render

_PREFERENCE = re.compile(r"\s*(code|example)\s*=\s*\"?([^\s\",;]+)\"?\s*\Z", re.IGNORECASE)


def answer(operation: Operation, header: str) -> Answer | None:
    """The documented answer that a Prefer header asks for; None where it asks for something else.

    Raises the Refusal `parameter-invalid` for a status or an example that the contract does not have, with those
    that it has.
    """
    asked = {match[1].lower(): match[2] for part in re.split("[,;]", header) if (match := _PREFERENCE.match(part))}
    if not asked:
        return None
    code, name = asked.get("code"), asked.get("example")
    status = _status(operation, code) if code is not None else _status_of_example(operation, name or "")
    response = operation.responses[status]
    examples = _examples(response)
    if name is not None and name not in examples:
        raise _unknown(f"example={name}", f"{status} has {', '.join(examples) or 'none'}")
    headers = {**_headers(response), "Preference-Applied": "; ".join(f"{key}={value}" for key, value in asked.items())}
    if not response.get("content"):
        return render(status, None, headers)
    value = examples[name] if name is not None else next(iter(examples.values()), None)
    return render(status, dump(value), headers, problem="application/problem+json" in response["content"])


def _status(operation: Operation, code: str) -> int:
    known = {str(status): status for status in operation.responses}
    if code not in known:
        raise _unknown(f"code={code}", f"{operation.id} answers with {', '.join(sorted(known))}")
    return known[code]


def _status_of_example(operation: Operation, name: str) -> int:
    for status, response in operation.responses.items():
        if name in _examples(response):
            return status
    known = [each for response in operation.responses.values() for each in _examples(response)]
    raise _unknown(f"example={name}", f"{operation.id} has {', '.join(known) or 'none'}")


def _examples(response: Mapping[str, Any]) -> dict[str, Any]:
    for media in response.get("content", {}).values():
        named = {name: each.get("value") for name, each in media.get("examples", {}).items()}
        return named or ({"example": media["example"]} if "example" in media else {})
    return {}


def _headers(response: Mapping[str, Any]) -> dict[str, str]:
    """The documented headers that have an example; a 429 without Retry-After would teach nothing."""
    found = {}
    for name, header in response.get("headers", {}).items():
        example = header.get("example", header.get("schema", {}).get("example"))
        if example is not None:
            found[name] = str(example)
    return found


def _unknown(asked: str, known: str) -> Refusal:
    return Refusal("parameter-invalid", f"Prefer: {asked} is not in the contract; {known}")
