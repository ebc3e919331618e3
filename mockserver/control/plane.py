"""The control plane as an ASGI application: guarded, checked against specs/control.yaml, handed to its handlers."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any

import yaml
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.contract.schema import FieldError
from mockserver.control import (
    PREFIX,
    api_handlers,
    clock_handlers,
    fault_handlers,
    guard,
    health_handlers,
    journal_handlers,
    record_handlers,
    seed_handlers,
    state_handlers,
    tenant_handlers,
    webhook_handlers,
)
from mockserver.control.call import ControlCall, Problem, invalid
from mockserver.control.operations import ControlOperation, ControlSpec
from mockserver.control.world import World
from mockserver.engine import strict_json
from mockserver.store.base import StoreError

logger = logging.getLogger("leadmock")

Handler = Callable[[World, ControlCall], Awaitable[Response]]

_MAX_BYTES = 16 * 1024 * 1024
_MAX_DEPTH = 64
_MOST_EVENTS = 250_000  # A value, a name, the begin or end of a list: of PyYAML's, which takes microseconds for each.
_MODULES = (
    api_handlers,
    clock_handlers,
    fault_handlers,
    health_handlers,
    journal_handlers,
    record_handlers,
    seed_handlers,
    state_handlers,
    tenant_handlers,
    webhook_handlers,
)


class ControlPlane:
    """Answers everything below /_mock; any other path is handed to the application `otherwise`."""

    def __init__(self, world: World, spec: ControlSpec, otherwise: ASGIApp) -> None:
        self._otherwise = otherwise
        self._world = world
        self._spec = spec

    @cached_property
    def _handlers(self) -> Mapping[str, Handler]:
        return {operation.id: _handler(operation.id) for operation in self._spec.operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await self._otherwise(scope, receive, send)
            return
        try:
            response = await self._answer(scope, receive)
        except Problem as problem:
            response = problem.response()
        except ClientDisconnect:
            return
        except StoreError as error:
            response = Problem(503, str(error)).response()
        except Exception:
            # Not the path: it may hold a line end, or a key.
            logger.exception("%s of the control plane failed", scope["method"])
            response = Problem(500, "an error in the mock itself; its log has more").response()
        if scope["method"] == "HEAD":
            response = Response(status_code=response.status_code, headers=dict(response.headers))
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers = Headers(scope=scope)
        try:
            operation, values = self._spec.find(scope["method"], scope["path"].removeprefix(PREFIX))
        except Problem:
            # Who may not call it is not told what there is.
            guard.check(self._world.settings, headers, is_open=False)
            raise
        guard.check(self._world.settings, headers, is_open=operation.open)
        if not operation.open:
            await self._world.controls.follow()
        path = operation.read_path(values)
        query = operation.read_query(scope["query_string"])
        media_type = _media_type(operation, headers)
        body = None
        if operation.bodies:
            raw = await _read(Request(scope, receive))
            if media_type == "application/yaml":
                # As much of it as is taken keeps PyYAML busy for seconds, and others are served meanwhile.
                body = await asyncio.to_thread(_body, operation, media_type, raw)
            else:
                body = _body(operation, media_type, raw)
        return await self._handlers[operation.id](self._world, ControlCall(path, query, body, media_type))


def _handler(operation_id: str) -> Handler:
    """The function named after the operation: `listTenants` is served by `list_tenants`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation_id).lower()
    found = [getattr(module, name) for module in _MODULES if hasattr(module, name)]
    if len(found) != 1:
        raise LookupError(f"specs/control.yaml: {operation_id} has {len(found)} handlers named {name}; write one")
    handler: Handler = found[0]
    return handler


def _media_type(operation: ControlOperation, headers: Mapping[str, str]) -> str:
    """The media type of the body. What a form of a foreign page could send is refused, even without a body."""
    given = headers.get("content-type")
    accepted = tuple(operation.bodies) or ("application/json",)
    if given is None:
        # A body of unknown type is refused too; without any body there is nothing to mistake.
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        if operation.method in {"POST", "PUT"} and has_body:
            raise Problem(415, f"Content-Type is missing; send {' or '.join(accepted)}")
        return accepted[0]
    media_type = given.partition(";")[0].strip().lower()
    if operation.method in {"POST", "PUT"} and media_type not in accepted:
        raise Problem(415, f"Content-Type must be {' or '.join(accepted)}, not {media_type[:100] or 'empty'}")
    return media_type


async def _read(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _MAX_BYTES:
            raise Problem(413, f"a body may have at most {_MAX_BYTES} bytes here; send it in parts")
        chunks.append(chunk)
    return b"".join(chunks)


def _body(operation: ControlOperation, media_type: str, raw: bytes) -> Any:
    if not raw.strip():
        if operation.body_required:
            raise Problem(400, f"the body is empty; {operation.id} needs one, see /_mock/docs/control/")
        return None
    body = _PARSERS[media_type](raw)
    errors = operation.bodies[media_type].errors(body)
    if errors:
        raise invalid(*errors)
    return body


def _json(raw: bytes) -> Any:
    try:
        return strict_json.parse(raw, _MAX_DEPTH)
    except strict_json.MalformedJSON as error:
        raise Problem(400, f"the body is not valid JSON: {error}") from None


def _yaml(raw: bytes) -> Any:
    """YAML without tags, then held to what JSON can say: no dates, no cycles, text as keys."""
    text = _text(raw)
    try:
        _look_through(text)
        found = yaml.load(text, Loader=_PlainLoader)  # noqa: S506  # it is a SafeLoader
        return strict_json.parse(strict_json.canonical(found), _MAX_DEPTH)
    except (yaml.YAMLError, strict_json.MalformedJSON, TypeError, ValueError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" in line {place.line + 1}" if place is not None else ""
        problem = getattr(error, "problem", None) or error
        raise invalid(FieldError("", f"the body is not YAML of plain values{where}: {problem}")) from None


def _look_through(text: str) -> None:
    """A few aliases of aliases make a document larger than memory; what is nested deep takes PyYAML minutes to read."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_PlainLoader)):
        if number > _MOST_EVENTS:
            raise yaml.YAMLError(f"it has more than {_MOST_EVENTS} parts; send fewer at once, or send JSON")
        if isinstance(event, yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted; write the value out")
        depth += isinstance(event, yaml.events.CollectionStartEvent)
        depth -= isinstance(event, yaml.events.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise yaml.YAMLError(f"nested more than {_MAX_DEPTH} levels deep")


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # Ten times faster, where PyYAML has it.


class _PlainLoader(_Loader):  # type: ignore[misc]  # one of two classes
    """Dates stay the text that they are written as, and nothing is lost: no name twice, no number that JSON lacks."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # as PyYAML's own
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(found) == len(node.value):
            return found
        (twice, _), *_ = Counter(str(key.value) for key, _ in node.value).most_common(1)
        raise yaml.constructor.ConstructorError(None, None, f"{twice[:60]!r} is given twice", node.start_mark)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        number: float = super().construct_yaml_float(node)
        if not math.isfinite(number):
            raise yaml.constructor.ConstructorError(None, None, f"{node.value} is no number of JSON", node.start_mark)
        return number


_PlainLoader.add_constructor("tag:yaml.org,2002:float", _PlainLoader.construct_yaml_float)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8: byte {error.start} does not belong") from None


_PARSERS: Mapping[str, Callable[[bytes], Any]] = {
    "application/json": _json,
    "application/yaml": _yaml,
    "text/csv": _text,
}
