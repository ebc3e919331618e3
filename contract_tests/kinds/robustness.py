"""Robustness: bodies that are no JSON, or not quite; too large, too deep, of another media type."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mockserver.contract import Contract, Operation

from ..caller import NOTHING
from ..rule import Kind, assumed, by_api, named, page
from .envelope import refused, share
from .untouched import call, tidied, trial

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("robustness")
Variant = tuple[str, bytes]

STRICT = assumed("X3", "JSON is read strictly: as RFC 8259 and RFC 7493 have it, at most 32 levels deep.")
_MALFORMED = by_api(
    salesiq=STRICT,
    mega=page("dev.gomega.ai errors", "400 invalid_request_error for a malformed body."),
    convertiq=STRICT,
    crmleadpro=STRICT,
)
_TYPE = by_api(salesiq=named("Q30"), mega=named("Q30"), convertiq=named("media-type"), crmleadpro=named("json-only"))


def has_body(_contract: Contract, operation: Operation) -> bool:
    return operation.body_schema is not None


def sends(lab: Lab, operation: Operation, parts: dict[str, Any], content: bytes, **headers: str) -> Answer:
    """The call with these bytes as its body; names of headers are written with _ for -."""
    named_so = {name.replace("_", "-"): value for name, value in headers.items()}
    return lab.main(operation.id, **{**parts, "body": NOTHING, "content": content}, headers=named_so)


def with_extra(body: Any, raw: str) -> bytes:
    """The body with one more member, of this text."""
    return f'{json.dumps(body)[:-1]}, "extra": {raw}}}'.encode()


def nested(levels: int) -> str:
    """So many arrays within each other."""
    return "[" * levels + "]" * levels


# JSON.


@kind.promise("malformed", "{method} {path} refuses a body that is no JSON.", on=has_body, source=_MALFORMED)
def malformed(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    text = json.dumps(tried.parts["body"]).encode()
    status = lab.contract.errors.statuses["body-malformed"]
    for what, content in (
        ("a body that is cut off", text[:-1]),
        ("a body that is cut off in the middle", text[: len(text) // 2]),
        ("an opening brace", b"{"),
        ("a body with a letter after it", text + b"x"),
        ("plain words", b"not json"),
        ("a form", b"name=Amit&phone=9876543210"),
        ("XML", b"<lead><name>Amit</name></lead>"),
    ):
        refused(lab, sends(lab, operation, tried.parts, content), status, what)
    tried.untouched()


@kind.promise("strict-json", "{method} {path} reads JSON strictly.", on=has_body, source=STRICT)
def strict_json(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    body = tried.parts["body"]
    status = lab.contract.errors.statuses["body-malformed"]
    variants = (*_no_grammar(body), *_twice(body), *_numbers(body), *_texts(body), *_encodings(body))
    for what, content in share(lab, operation, variants):
        refused(lab, sends(lab, operation, tried.parts, content), status, what)
    tried.untouched()


def _no_grammar(body: Any) -> Iterator[Variant]:
    text = json.dumps(body)
    yield "an empty body", b""
    yield "a body of white space", b" \n\t "
    yield "two values", f"{text}{text}".encode()
    yield "two values with a line break between", f"{text}\n{text}".encode()
    yield "a comma at the end", f"{text[:-1]},}}".encode()
    yield "a comma after the body", f"{text},".encode()
    yield "a comma at the end of a list", with_extra(body, "[1,]")
    yield "a comment", f"{text[:-1]} /* c */}}".encode()
    yield "a comment to the end of the line", f"// c\n{text}".encode()
    yield "a comment with #", f"# c\n{text}".encode()
    yield "single quotes", text.replace('"', "'").encode()
    yield "a name without quotes", f"{text[:-1]}, extra: 1}}".encode()
    yield "a value without a name", f"{text[:-1]}, 1}}".encode()
    yield "a name without a value", f'{text[:-1]}, "extra"}}'.encode()
    yield "a missing comma", f'{text[:-1]} "extra": 1}}'.encode()
    for raw in (
        "True",
        "None",
        "undefined",
        "nil",
        "0x10",
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "-",
        "1_000",
        "\u0661",
        "1,5",
    ):
        yield f"the value {raw}", with_extra(body, raw)
    yield "a line break within a text", with_extra(body, '"a\nb"')
    yield "a tab within a text", with_extra(body, '"a\tb"')
    yield "a control character within a text", with_extra(body, '"a\x01b"')
    for raw in (r'"\x41"', r'"\u12"', r'"\u00zz"', r'"\'"', r'"\0"', '"\\'):
        yield f"the text {raw}", with_extra(body, raw)
    yield "a form feed between values", f"\x0c{text}".encode()
    yield "a no-break space before the body", f"\xa0{text}".encode()


def _twice(body: Any) -> Iterator[Variant]:
    text = json.dumps(body)
    name, value = next(iter(body.items()))
    yield (
        "a member that is there twice with one value",
        f"{{{json.dumps(name)}: {json.dumps(value)}, {text[1:]}".encode(),
    )
    yield "a member that is there twice with two values", f'{{{json.dumps(name)}: "other", {text[1:]}'.encode()
    yield "a member that is null before it has a value", f"{{{json.dumps(name)}: null, {text[1:]}".encode()
    escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
    yield (
        "a member that is there twice, once spelled with \\u",
        f'{{"{escaped}": {json.dumps(value)}, {text[1:]}'.encode(),
    )
    inner = next((json.dumps(value) for value in body.values() if isinstance(value, dict)), "")
    if inner:
        first, known = next(iter(json.loads(inner).items()))
        again = f"{{{json.dumps(first)}: {json.dumps(known)}, {inner[1:]}"
        yield "a member of an inner object that is there twice", text.replace(inner, again).encode()
    yield "an unknown member that is there twice", f'{text[:-1]}, "extra": 1, "extra": 2}}'.encode()
    yield "a member that is there twice further down", with_extra(body, '{"a": 1, "a": 2}')
    yield "a member that is there twice within a list", with_extra(body, '[0, {"a": 1, "b": 2, "a": 1}]')


def _numbers(body: Any) -> Iterator[Variant]:
    for raw in ("NaN", "Infinity", "-Infinity", "[NaN]", '{"a": Infinity}', "1e400", "-1e400", "[1e999]", "nan", "inf"):
        yield f"the number {raw}", with_extra(body, raw)
    yield "a whole number of 5000 digits", with_extra(body, "9" * 5000)
    yield "33 levels", with_extra(body, nested(32))
    yield "33 levels of objects", with_extra(body, '{"a":' * 32 + "1" + "}" * 32)
    yield "1000 levels", with_extra(body, nested(1000))
    yield "100000 levels", with_extra(body, nested(100_000))
    yield "100000 levels of objects", with_extra(body, '{"a":' * 100_000 + "1" + "}" * 100_000)
    yield "100000 opening brackets", b"[" * 100_000


def _texts(body: Any) -> Iterator[Variant]:
    known = json.dumps(_first_text(body))
    for raw in (r"\ud800", r"\udc00", r"\udc00\ud800", r"a\ud83dz", r"\ud83d\u0041", r"\u0000", r"a\u0000b"):
        yield f"the text {raw}", with_extra(body, f'"{raw}"')
        yield f"the text {raw} within a list", with_extra(body, f'[["{raw}"]]')
        yield f"the text {raw} for {known}", json.dumps(body).replace(known, f'"{raw}"', 1).encode()
    yield "half of a surrogate pair in a name", f'{json.dumps(body)[:-1]}, "\\ud800": 1}}'.encode()
    yield "NUL in a name", f'{json.dumps(body)[:-1]}, "a\\u0000": 1}}'.encode()


def _first_text(value: Any) -> str | None:
    """The first text that is the value of a member."""
    if isinstance(value, str):
        return value
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((text for text in map(_first_text, below) if text is not None), None)


def _encodings(body: Any) -> Iterator[Variant]:
    text = json.dumps(body)
    yield "a byte order mark", b"\xef\xbb\xbf" + text.encode()
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        yield f"{encoding.upper()}", text.encode(encoding)
    yield "Latin-1", with_extra(body, '"@@@"').replace(b"@@@", "é".encode("latin-1"))
    for raw in (
        b"\xff",
        b"\x80",
        b"\xc3",
        b"\xc0\xaf",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
    ):
        yield f"the bytes {raw.hex()} in a text", with_extra(body, '"@@@"').replace(b"@@@", raw)
    yield "the byte ff at the end", text.encode() + b"\xff"


@kind.promise(
    "json-forms", "{method} {path} accepts every spelling that JSON has for the same body.", on=has_body, source=STRICT
)
def json_forms(lab: Lab, operation: Operation) -> None:
    turns = range(len(list(_forms({"a": "b"}, "b"))))
    for at in share(lab, operation, turns):
        parts = call(lab, operation)
        what, content = list(_forms(parts["body"], lab.fresh.token()))[at]
        answer = sends(lab, operation, parts, content)
        lab.expect(answer.ok, f"a 2xx for a body with {what}", answer)


def _forms(body: Any, word: str) -> Iterator[Variant]:
    text = json.dumps(body)
    yield "white space around it", f" \r\n\t{text}\n\n ".encode()
    yield "line breaks and indents", json.dumps(body, indent=4).replace("\n", "\r\n").encode()
    yield "no spaces", json.dumps(body, separators=(",", ":")).encode()
    escaped = "".join(f"\\u{ord(letter):04X}" if letter.isalpha() else letter for letter in "extra")
    yield "an escaped name", f'{text[:-1]}, "{escaped}": 1}}'.encode()
    yield "every letter escaped", _escaped(text).encode()
    yield "an emoji in two escapes", with_extra(body, r'"\ud83d\ude00 \/ \b\f\n\r\t \"\\"')
    yield (
        "numbers of every form",
        with_extra(body, "[0, -0, 1.0, 1e2, 1E+2, 1e-2, 12345678901234567890, 1e308, 5e-324]"),
    )
    yield "32 levels", with_extra(body, nested(31))
    yield "a text of characters beyond the first plane", with_extra(body, f'"{word} 😀𝔸𐍈 é ü"')
    yield "an empty name", f'{text[:-1]}, "": ""}}'.encode()
    yield "its members in another order", json.dumps(_turned(body)).encode()
    yield "text beyond ASCII as it stands", with_extra(body, '"Łukasz Þór 李小龍 עברית"')


def _turned(value: Any) -> Any:
    """The members of each object the other way round."""
    if isinstance(value, list):
        return [_turned(one) for one in value]
    return {name: _turned(value[name]) for name in reversed(value)} if isinstance(value, dict) else value


def _escaped(text: str) -> str:
    """All letters within texts as escapes; our texts hold no backslashes."""
    parts = text.split('"')
    for at in range(1, len(parts), 2):
        parts[at] = "".join(f"\\u{ord(letter):04x}" if letter.isalpha() else letter for letter in parts[at])
    return '"'.join(parts)


@kind.promise(
    "not-an-object",
    "{method} {path} refuses a body that is JSON but no object.",
    on=has_body,
    source=assumed("X3", "A body is an object; any other value is invalid."),
)
def not_an_object(lab: Lab, operation: Operation) -> None:
    values = ("null", "[]", '"x"', "5", "true", "false", "0", '""', "1.5", "[null]")
    variants = [(f"the body {value}", value.encode()) for value in values]
    tried = trial(lab, operation)
    wrapped = ("the body in a list", json.dumps([tried.parts["body"]]).encode())
    quoted = ("the body in a text", json.dumps(json.dumps(tried.parts["body"])).encode())
    status = lab.contract.errors.statuses["body-invalid"]
    for what, content in share(lab, operation, (*variants, wrapped, quoted)):
        refused(lab, sends(lab, operation, tried.parts, content), status, what)
    tried.untouched()


# Size.


@kind.promise(
    "size",
    "{method} {path} takes bodies up to its limit, and answers 413 above it.",
    on=has_body,
    source=assumed("X2", "A body of more than 1 MiB, or 5 MiB for a bulk import, answers 413."),
)
def size(lab: Lab, operation: Operation) -> None:
    limit = operation.max_bytes
    for pad in (_spaces, _long_member):
        parts = call(lab, operation)
        answer = sends(lab, operation, parts, pad(parts["body"], limit))
        lab.expect(answer.ok, f"a 2xx for a body of {limit} bytes", answer)
    tried = trial(lab, operation)
    body = tried.parts["body"]
    for what, content in (
        (f"{limit + 1} bytes", _spaces(body, limit + 1)),
        (f"{limit + 1} bytes, most of them in one text", _long_member(body, limit + 1)),
        (f"{limit + 2} bytes but far fewer characters", _wide_member(body, limit + 2)),
        (f"{2 * limit} bytes", _spaces(body, 2 * limit)),
    ):
        refused(lab, sends(lab, operation, tried.parts, content), 413, what)
    tried.untouched()


def _spaces(body: Any, length: int) -> bytes:
    return json.dumps(body).encode().ljust(length)


def _long_member(body: Any, length: int) -> bytes:
    room = length - len(with_extra(body, '""'))
    return with_extra(body, f'"{"a" * room}"')


def _wide_member(body: Any, length: int) -> bytes:
    room = (length - len(with_extra(body, '""'))) // 2
    return with_extra(body, f'"{"é" * room}"').ljust(length)


# Media type.


@kind.promise("media-type", "{method} {path} takes a body as JSON only, else 415.", on=has_body, source=_TYPE)
def media_type(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    content = json.dumps(tried.parts["body"]).encode()
    others = (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "text/json",
        "text/html",
        "application/octet-stream",
        "application/jsonp",
        "application/json5",
        "application/ld+json",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/x-json",
        "json",
        "application",
        "application/*",
        "*/*",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=latin1",
        "application/json; charset=us-ascii-8",
    )
    missing = sends(lab, operation, tried.parts, content, Content_Type="")
    refused(lab, missing, 415, "no Content-Type")
    for media in share(lab, operation, others):
        if media not in operation.media_types:
            refused(lab, sends(lab, operation, tried.parts, content, Content_Type=media), 415, f"Content-Type: {media}")
    tried.untouched()


@kind.promise(
    "media-type-forms",
    "{method} {path} reads the media type in any letter case, and takes UTF-8 as its charset.",
    on=has_body,
    source=_TYPE,
)
def media_type_forms(lab: Lab, operation: Operation) -> None:
    for media in (
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON",
        "APPLICATION/JSON; CHARSET=Utf-8",
        "application/json ; charset=utf-8",
        *(set(operation.media_types) - {"application/json"}),
    ):
        parts = call(lab, operation)
        answer = sends(lab, operation, parts, json.dumps(parts["body"]).encode(), Content_Type=media)
        lab.expect(answer.ok, f"a 2xx for Content-Type: {media}", answer)
        if lab.frugal:
            return


@kind.promise(
    "content-encoding",
    "{method} {path} takes no compressed body, and does not take a plain one for compressed.",
    on=has_body,
    source=_TYPE,
)
def content_encoding(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    content = json.dumps(tried.parts["body"]).encode()
    for encoding, packed in (
        ("gzip", gzip.compress(content)),
        ("gzip", content),
        ("deflate", zlib.compress(content)),
        ("br", content),
    ):
        answer = sends(lab, operation, tried.parts, packed, Content_Encoding=encoding)
        refused(lab, answer, 415, f"Content-Encoding: {encoding}")
    tried.untouched()
    parts = call(lab, operation)
    plain = sends(lab, operation, parts, json.dumps(parts["body"]).encode(), Content_Encoding="identity")
    lab.expect(plain.ok, "a 2xx for Content-Encoding: identity", plain)


tidied(kind)
