"""Robustness: paths and methods that there are not, HEAD and OPTIONS, and what requests carry in vain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from mockserver.contract import Contract, Operation

from ..afterwards import body_after_head
from ..rule import Kind, assumed, by_api, named, where
from .envelope import has_envelope, refused, share
from .untouched import call, tidied

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("robustness")

_PATHS = assumed("X4", "An unknown path answers 404 in the vendor's form; paths match exactly, without redirects.")
_METHODS = assumed("X4", "A method that a path does not have answers 405 with Allow (RFC 9110, section 15.5.6).")
_HEAD = assumed("X6", "HEAD answers as GET does, without the body (RFC 9110, section 9.3.2).")
_OPTIONS = assumed("X6", "OPTIONS answers 204 with Allow; browsers are no clients, so there are no CORS headers.")
_IN_VAIN = assumed("X4", "What no document names is ignored: headers, query parameters, members of bodies.")
_KNOWN = ("GET", "POST", "PUT", "PATCH", "DELETE")
_FRESH_HEADERS = frozenset(("date", "ratelimit-remaining", "ratelimit-reset", "x-request-id", "connection", "server"))
# These describe a body that is not sent, and may be left out (RFC 9110, section 9.3.2).
_OF_THE_BODY = frozenset(("content-length", "transfer-encoding"))
_LEAST = 4


def first_of_path(contract: Contract, operation: Operation) -> bool:
    """Whether the operation is the first of its path, for promises about paths."""
    return next(one for one in contract.operations.values() if one.path == operation.path) is operation


def _where(lab: Lab, operation: Operation) -> str:
    """The path of an operation, with the id of a record that there is."""
    sharing = [one for one in lab.contract.operations.values() if one.path == operation.path]
    parts: dict[str, Any] = {}
    for one in sharing if "{" in operation.path else ():
        parts = call(lab, one).get("path", {})
    path = operation.path
    for name, value in parts.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return lab.contract.base_path + path


def _methods(lab: Lab, path: str) -> set[str]:
    methods = {one.method for one in lab.contract.operations.values() if one.path == path}
    return methods | ({"HEAD"} if "GET" in methods else set())


# Paths.


@kind.promise("unknown-path", "Near {path} there is nothing else: 404.", on=first_of_path, source=_PATHS)
def unknown_path(lab: Lab, operation: Operation) -> None:
    known = [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", lab.contract.base_path + one.path)) for one in _each_path(lab)]
    for caller in (lab.main, lab.nobody()):
        near = list(_near(lab.contract.base_path, _where(lab, operation)))
        for url in share(lab, operation, near) if caller.credential else near[:_LEAST]:
            if any(path.fullmatch(unquote(url)) for path in known) and "%2F" not in url:
                continue
            refused(lab, caller(operation.id, url=url, method="GET"), 404, f"GET {url}")
        posted = caller(operation.id, url=f"{_where(lab, operation)}/unknown/x", method="POST", body={})
        refused(lab, posted, 404, "POST to an unknown path")


def _each_path(lab: Lab) -> list[Operation]:
    return [one for one in lab.contract.operations.values() if first_of_path(lab.contract, one)]


def _near(base: str, path: str) -> Iterator[str]:
    last = path.rpartition("/")[2]
    parent = path[: -len(last) - 1]
    yield f"{path}/"
    yield f"{parent}//{last}"
    yield f"{parent}/{last.upper()}"
    yield f"{parent}/{last.capitalize()}"
    yield f"{path}/unknown/x"
    yield f"{path}.json"
    yield f"{path}%20"
    yield f"{path}%00"
    yield f"{path};x=1"
    yield f"{path}x"
    yield path[:-1]
    yield f"{parent}%2F{last}"
    yield f"{path}/%2e%2e/{last}"
    yield f"{parent}/%2e/{last}"
    yield f"{base}/unknown"
    yield f"{base}/"
    yield base


@kind.promise(
    "error-form",
    "Every error near {path} has the vendor's form.",
    on=first_of_path,
    source=by_api(salesiq=named("Q14"), mega=named("page-errors"), convertiq=named("C14"), crmleadpro=named("P3")),
)
def error_form(lab: Lab, operation: Operation) -> None:
    path = _where(lab, operation)
    missing = next(name for name in ("PUT", "PATCH", "DELETE") if name not in _methods(lab, operation.path))
    for url, method in ((f"{path}/unknown/x", "GET"), (f"{lab.contract.base_path}/unknown", "POST"), (path, missing)):
        answer = lab.main(operation.id, url=url, method=method)
        # Whether it is an error at all is another promise.
        # What is no path or method of the API may be refused by something before it.
        if answer.status >= 400 and lab.strict:
            has_envelope(lab, answer, f"{method} {url}")
    for one in lab.contract.operations.values():
        if one.path == operation.path and one.body_schema is not None:
            parts = {**call(lab, one), "body": {}}
            plain = {**parts, "headers": {"Content-Type": "text/plain"}}
            large = {"content": b" " * (one.max_bytes + 1), **{key: parts[key] for key in parts if key != "body"}}
            for wrong in (plain, large):
                answer = lab.main(one.id, **wrong)
                if answer.status >= 400 and (lab.strict or answer.status == 400):
                    has_envelope(lab, answer, f"a wrong {one.method} {one.path}")


# Methods.


@kind.promise("methods", "{path} has no other methods: 405 with Allow.", on=first_of_path, source=_METHODS)
def methods(lab: Lab, operation: Operation) -> None:
    url = _where(lab, operation)
    there = _methods(lab, operation.path)
    expected = there | {"OPTIONS"}
    for caller in (lab.main, lab.nobody()):
        for method in (*_KNOWN, "HEAD", "TRACE"):
            if method in there:
                continue
            answer = caller(operation.id, url=url, method=method)
            lab.expect(answer.status == 405, f"405 for {method} {url}", answer)
            allowed = _listed(answer.headers.get("allow", ""))
            lab.expect(allowed == expected, f"Allow: {', '.join(sorted(expected))} with {method}", sorted(allowed))
            if method != "HEAD":
                has_envelope(lab, answer, f"{method} {url}")
    still = [one for one in lab.contract.operations.values() if one.path == operation.path and one.method == "GET"]
    for one in still:
        lab.expect(lab.main(one.id, url=url).ok, f"a 2xx for GET {url} after all that", "a refusal")


def _listed(value: str) -> set[str]:
    return {word.strip() for word in value.split(",") if word.strip()}


@kind.promise(
    "options", "OPTIONS {path} answers 204 with Allow, and nothing for browsers.", on=first_of_path, source=_OPTIONS
)
def options(lab: Lab, operation: Operation) -> None:
    url = _where(lab, operation)
    expected = _methods(lab, operation.path) | {"OPTIONS"}
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    for caller, headers in ((lab.main, {}), (lab.nobody(), {}), (lab.nobody(), asked)):
        answer = caller(operation.id, url=url, method="OPTIONS", headers=headers)
        lab.expect(answer.status == 204, f"204 for OPTIONS {url}", answer)
        lab.expect(answer.body == b"", "no body", answer)
        allowed = _listed(answer.headers.get("allow", ""))
        lab.expect(allowed == expected, f"Allow: {', '.join(sorted(expected))}", sorted(allowed))
        _no_cors(lab, dict(answer.headers))
    sent = lab.main(operation.id, **call(lab, operation), headers=[("Origin", "https://example.com")])
    _no_cors(lab, dict(sent.headers))


def _no_cors(lab: Lab, headers: dict[str, str]) -> None:
    cors = [name for name in headers if name.lower().startswith("access-control-")]
    lab.expect(not cors, "no CORS headers", cors)


@kind.promise(
    "head", "HEAD {path} answers as GET does, without a body.", on=where(lambda one: one.method == "GET"), source=_HEAD
)
def head(lab: Lab, operation: Operation) -> None:
    parts = call(lab, operation)
    got = lab.main(operation.id, **parts)
    answer = lab.main(operation.id, **parts, method="HEAD")
    lab.expect(answer.status == got.status, f"{got.status} as with GET", answer)
    lab.expect(answer.body == b"", "no body", answer)
    if lab.wire.app() is None:
        sent = body_after_head(lab.wire.base, lab.main.request(operation.id, **parts, method="HEAD"))
        lab.expect(not sent, "nothing after the head of the answer", sent[:80])
    for name in set(got.headers) | set(answer.headers):
        if name not in _FRESH_HEADERS and not (name in _OF_THE_BODY and name not in answer.headers):
            same = answer.headers.get(name) == got.headers.get(name)
            lab.expect(same, f"{name}: {got.headers.get(name)} as with GET", answer.headers.get(name))
    status = got.status if operation.public else lab.contract.errors.statuses["credential-missing"]
    bare = lab.nobody()(operation.id, **parts, method="HEAD")
    lab.expect(bare.status == status, f"{status} for HEAD without a credential", bare)
    if "{" in operation.path:
        unknown = lab.main(operation.id, path={"id": "unknown"}, method="HEAD")
        lab.expect(unknown.status == 404 and not unknown.body, "404 without a body for HEAD of nothing", unknown)


# What is ignored.


@kind.promise(
    "override",
    "{method} {path} stays what it is whatever a header or parameter says.",
    on=where(lambda _: True),
    source=_IN_VAIN,
)
def override(lab: Lab, operation: Operation) -> None:
    plain = lab.main(operation.id, **call(lab, operation))
    for method in _KNOWN:
        if method == operation.method:
            continue
        headers = dict.fromkeys(("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"), method)
        parts = call(lab, operation)
        query = {**parts.get("query", {}), "_method": method, "method": method}
        answer = lab.main(operation.id, **{**parts, "query": query}, headers=headers)
        lab.expect(
            answer.status == plain.status, f"{plain.status}, as without X-HTTP-Method-Override: {method}", answer
        )
        if operation.method in {"GET", "PATCH"}:
            again = lab.main(operation.id, **parts)
            lab.expect(again.status == plain.status, f"{plain.status} again, for nothing was deleted", again)


@kind.promise(
    "accept", "{method} {path} answers in JSON whatever Accept says.", on=where(lambda _: True), source=_IN_VAIN
)
def accept(lab: Lab, operation: Operation) -> None:
    def answers(headers: dict[str, str]) -> Iterator[tuple[str, Answer]]:
        yield "a request", lab.main(operation.id, **call(lab, operation), headers=headers)
        yield "a request without a key", lab.nobody()(operation.id, **call(lab, operation), headers=headers)
        yield "another method", lab.main(operation.id, **call(lab, operation), method="PUT", headers=headers)
        if operation.body_schema is not None:
            parts = {key: value for key, value in call(lab, operation).items() if key != "body"}
            yield "no JSON", lab.main(operation.id, **parts, content=b"{", headers=headers)

    plain = dict(answers({}))
    for value in ("text/html", "application/xml", "application/xml;q=1, application/json;q=0", "nonsense"):
        headers = {"Accept": value, "Accept-Language": "xx", "Accept-Charset": "utf-16", "User-Agent": "Mozilla/5.0"}
        for what, answer in answers(headers):
            status, media = plain[what].status, plain[what].headers.get("content-type")
            same = answer.status == status and answer.headers.get("content-type") == media
            lab.expect(same, f"{status} and {media} to {what} with Accept: {value}", answer)


@kind.promise(
    "unknown-query",
    "{method} {path} ignores query parameters that it does not have.",
    on=where(lambda _: True),
    source=_IN_VAIN,
)
def unknown_query(lab: Lab, operation: Operation) -> None:
    plain = lab.main(operation.id, **call(lab, operation))
    strange = ("foo=bar&debug=true&fields=id&expand=all", "a[]=1&a[]=2&%F0%9F%98%80=%F0%9F%98%80", "=&&x", "%zz")
    for text in strange:
        parts = call(lab, operation)
        request = lab.main.request(operation.id, **parts)
        url = f"{request.path}?{text}"
        answer = lab.main(operation.id, **{key: value for key, value in parts.items() if key != "path"}, url=url)
        lab.expect(answer.status == plain.status, f"{plain.status} with ?{text}", answer)


@kind.promise(
    "no-idempotency",
    "{method} {path} has no idempotency key: a header of that name changes nothing.",
    on=where(lambda one: one.idempotency is None),
    source=_IN_VAIN,
)
def no_idempotency(lab: Lab, operation: Operation) -> None:
    key = lab.fresh.token()
    plain = lab.main(operation.id, **call(lab, operation))
    first, second = (lab.main(operation.id, **call(lab, operation), headers={"Idempotency-Key": key}) for _ in range(2))
    for answer in (first, second):
        lab.expect(answer.status == plain.status, f"{plain.status} with an Idempotency-Key", answer)
        lab.expect("idempotent-replayed" not in answer.headers, "no replay", dict(answer.headers))
    if operation.method in {"POST", "PATCH"}:
        lab.expect(first.body != second.body, "another answer to another body with the same key", second)
    for odd in ("é" * 3, "x" * 300):
        parts = call(lab, operation)
        answer = lab.main(operation.id, **parts, headers=[("Idempotency-Key", odd)])
        lab.expect(answer.status == plain.status, f"{plain.status} with an odd Idempotency-Key", answer)


@kind.promise(
    "no-body",
    "{method} {path} ignores a body.",
    on=where(lambda one: one.body_schema is None),
    source=_IN_VAIN,
)
def no_body(lab: Lab, operation: Operation) -> None:
    plain = lab.main(operation.id, **call(lab, operation))
    for content in (b"{}", b"{"):
        parts = call(lab, operation)
        answer = lab.main(operation.id, **parts, content=content)
        lab.expect(answer.status == plain.status, f"{plain.status} with the body {content.decode()}", answer)


@kind.promise(
    "odd-ids",
    "{method} {path} answers 404 for an id that cannot be.",
    on=lambda _contract, operation: "{" in operation.path,
    source=by_api(mega=assumed("X4", "An id that cannot be is an unknown one."), crmleadpro=named("P7")),
)
def odd_ids(lab: Lab, operation: Operation) -> None:
    parts = call(lab, operation)
    real = parts["path"]["id"]
    odd = (
        "0",
        "-1",
        "null",
        "undefined",
        "*",
        "%",
        "'",
        '"',
        "' OR 1=1 --",
        "😀",
        "é",
        "a b",
        "a\nb",
        "a\tb",
        "$ne",
        "[object Object]",
    )
    near = (
        real.upper(),
        real.swapcase(),
        real[:-1],
        f"{real}0",
        f" {real}",
        f"{real} ",
        f"{real}\n",
        f"{real}*",
        "x" * 3000,
    )
    for text in (*odd, *(text for text in near if text != real)):
        answer = lab.main(operation.id, **{**parts, "path": {"id": text}})
        refused(lab, answer, 404, f"the id {text[:40]!r}")
    still = lab.main(operation.id, **parts)
    lab.expect(still.ok, "a 2xx for the id itself afterwards", still)


tidied(kind)


@kind.promise(
    "sniffing",
    "Answers of {method} {path} forbid browsers to guess their type.",
    on=where(lambda _: True),
    source=assumed("case 178", "What was stored is echoed verbatim, as JSON and with X-Content-Type-Options: nosniff."),
)
def sniffing(lab: Lab, operation: Operation) -> None:
    for about, answer in (
        ("an answer", lab.main(operation.id, **call(lab, operation))),
        ("a refusal", lab.main(operation.id, **call(lab, operation), method="PUT")),
    ):
        told = answer.headers.get("x-content-type-options")
        lab.expect(told == "nosniff", f"X-Content-Type-Options: nosniff in {about}", dict(answer.headers))


@kind.promise(
    "chunked",
    "{method} {path} reads a body that comes in chunks, without its length.",
    on=where(lambda one: one.body_schema is not None),
    source=assumed("case 135", "A body in chunks is read, and the limit on its size holds while it is."),
)
def chunked(lab: Lab, operation: Operation) -> None:
    chunks = {"Transfer-Encoding": "chunked"}
    plain = lab.main(operation.id, **call(lab, operation))
    answer = lab.main(operation.id, **call(lab, operation), headers=chunks)
    lab.expect(answer.status == plain.status, f"{plain.status} to a body in chunks", answer)
    parts = {key: value for key, value in call(lab, operation).items() if key != "body"}
    large = b'{"a": "' + b"a" * operation.max_bytes + b'"}'
    answer = lab.main(operation.id, **parts, content=large, headers=chunks)
    # A server may hang up on what it no longer reads, before the client has read its answer.
    lab.expect(answer.status == 413 or answer.crash, "413 to chunks that are too large together", answer)


@kind.promise(
    "expectation",
    "{method} {path} answers a client that expects to be told to go on as it answers any other.",
    on=where(lambda one: one.body_schema is not None),
    source=assumed("case 137", "Expect: 100-continue is met by 100 and then the normal answer (RFC 9110, 10.1.1)."),
)
def expectation(lab: Lab, operation: Operation) -> None:
    plain = lab.main(operation.id, **call(lab, operation))
    answer = lab.main(operation.id, **call(lab, operation), headers={"Expect": "100-continue"})
    lab.expect(answer.status == plain.status, f"{plain.status} to a request with Expect: 100-continue", answer)
