"""What can go wrong with JSON, media types, sizes, paths and methods."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed
from tests.implementations.workshop import Fault

AUTHENTICATE = "        key = authenticate(request)\n"
HANDLER = '        handler = handlers.get("GET" if request.method == "HEAD" else request.method)\n'
PARSE = "json.loads(body.decode(), object_pairs_hook=once, parse_constant=finite, parse_float=finite)"
MEDIA = '(request.header("content-type") or "").lower().split(";")'
CHARSET = 'any(charset.replace(\'"\', "") != "charset=utf-8" for charset in charsets)'


ROBUSTNESS: tuple[Fault, ...] = (
    assumed(
        "xml-alone-not-acceptable",
        "*/robustness",
        (
            AUTHENTICATE,
            AUTHENTICATE
            + '        if request.header("accept") == "application/xml":\n            raise Refusal(406, "Only JSON is served")\n',
        ),
        subtle=True,
    ),
    assumed(
        "repeated-key-accepted", "*/robustness", (PARSE, PARSE.replace("object_pairs_hook=once, ", "")), subtle=True
    ),
    assumed("nan-accepted", "*/robustness", (PARSE, PARSE.replace("parse_constant=finite, ", "")), subtle=True),
    assumed(
        "overflowing-number-accepted", "*/robustness", (PARSE, PARSE.replace(", parse_float=finite", "")), subtle=True
    ),
    assumed(
        "byte-order-mark-accepted",
        "*/robustness",
        (PARSE, PARSE.replace("decode()", 'decode("utf-8-sig")')),
        subtle=True,
    ),
    assumed("utf-16-accepted", "*/robustness", (PARSE, PARSE.replace("body.decode()", "body")), subtle=True),
    assumed(
        "bytes-beyond-utf-8-accepted",
        "*/robustness",
        (PARSE, PARSE.replace("decode()", 'decode(errors="replace")')),
        subtle=True,
    ),
    assumed(
        "bytes-beyond-utf-8-crash",
        "*/robustness",
        (
            "    try:\n        document = json.loads(body.decode()",
            "    decoded = body.decode()\n    try:\n        document = json.loads(decoded",
        ),
        subtle=True,
    ),
    assumed(
        "nul-character-stored",
        "*/robustness",
        ('if "\\x00" in value:', "if False:"),
        ('ANY_TEXT = r"[^\\x00]*"', 'ANY_TEXT = r"(?s:.*)"'),
        ('VISIBLE = r"[^\\x00]*[^\\x00-\\x20', 'VISIBLE = r"(?s:.*)[^\\x00-\\x20'),
        ("\\ufeff][^\\x00]*", "\\ufeff](?s:.*)"),
        subtle=True,
    ),
    assumed(
        "lone-surrogate-crashes",
        "*/robustness",
        ("            value.encode()  # a lone surrogate has no encoding\n", ""),
        subtle=True,
    ),
    assumed(
        "deep-body-accepted", "*/robustness", ("if level > MAX_DEPTH:", "if level > 100 * MAX_DEPTH:"), subtle=True
    ),
    assumed("depth-off-by-one", "*/robustness", ("if level > MAX_DEPTH:", "if level >= MAX_DEPTH:"), subtle=True),
    assumed(
        "deep-nesting-crashes",
        "*/robustness",
        ("except (ValueError, RecursionError) as error:", "except ValueError as error:"),
    ),
    assumed(
        "empty-body-is-an-object",
        "*/robustness",
        (PARSE, PARSE.replace("body.decode()", 'body.decode() or "{}"')),
        subtle=True,
    ),
    assumed(
        "empty-body-crashes",
        "*/robustness",
        ("    try:\n        document = json", "    assert body[0] != 0\n    try:\n        document = json"),
    ),
    assumed(
        "rest-after-the-body-ignored",
        "*/robustness",
        (
            PARSE,
            "json.JSONDecoder(object_pairs_hook=once, parse_constant=finite, parse_float=finite).raw_decode(body.decode())[0]",
        ),
        subtle=True,
    ),
    assumed(
        "array-body-crashes",
        "*/robustness",
        (
            '    if not isinstance(document, dict):\n        yield "", "must be an object"\n        return\n    for member in req',
            "    for member in req",
        ),
        ("    document: Record = self.document\n", "    document: Record = dict(self.document)\n"),
    ),
    assumed(
        "malformed-body-is-422",
        "*/robustness",
        ('raise Refusal(400, f"The request body', 'raise Refusal(422, f"The request body'),
    ),
    assumed(
        "malformed-body-crashes",
        "*/robustness",
        ("except (ValueError, RecursionError) as error:", "except UnicodeError as error:"),
    ),
    assumed("any-media-type", "*/robustness", ("        check_media_type(request)\n", "")),
    assumed(
        "media-type-may-be-missing",
        "*/robustness",
        (MEDIA, MEDIA.replace('or ""', 'or "application/json"')),
        subtle=True,
    ),
    assumed(
        "form-media-type-accepted",
        "createLead/robustness",
        (
            "if media_type.strip() not in accepted",
            'if media_type.strip() not in (*accepted, "application/x-www-form-urlencoded")',
        ),
        subtle=True,
    ),
    assumed("media-type-in-small-letters-only", "*/robustness", (MEDIA, MEDIA.replace(".lower()", "")), subtle=True),
    assumed("charset-refused", "*/robustness", (CHARSET, "parameters"), subtle=True),
    assumed("any-charset", "*/robustness", (f" or {CHARSET}", ""), subtle=True),
    assumed(
        "415-is-400",
        "*/robustness",
        ('raise Refusal(415, f"Content-Type', 'raise Refusal(400, f"Content-Type'),
        subtle=True,
    ),
    assumed(
        "gzip-label-ignored",
        "*/robustness",
        ('if "content-encoding" in request.headers and', "if False and"),
        subtle=True,
    ),
    assumed(
        "no-size-limit",
        "*/robustness",
        ("if len(request.body) > MAX_BYTES:", "if False:"),
        ("if len(body) <= MAX_BYTES:", "if len(body) <= 16 * MAX_BYTES:"),
    ),
    assumed(
        "size-limit-off-by-one",
        "*/robustness",
        ("if len(request.body) > MAX_BYTES:", "if len(request.body) >= MAX_BYTES:"),
        subtle=True,
    ),
    assumed("413-is-400", "*/robustness", ("raise Refusal(413,", "raise Refusal(400,"), subtle=True),
    assumed("405-without-allow", "*/robustness", (', headers={"allow": allowed(handlers)})', ")"), subtle=True),
    assumed(
        "allow-names-another-method",
        "*/robustness",
        ('return ", ".join([*handlers,', 'return ", ".join([*handlers, "PUT",'),
        subtle=True,
    ),
    assumed("405-is-404", "*/robustness", ("raise Refusal(405,", "raise Refusal(404,")),
    assumed(
        "put-is-patch",
        "updateLead/robustness",
        ('"PATCH": update_lead,', '"PATCH": update_lead, "PUT": update_lead,'),
        ('in {"POST", "PATCH"} else None', 'in {"POST", "PATCH", "PUT"} else None'),
        subtle=True,
    ),
    assumed(
        "method-override-obeyed",
        "*/robustness",
        (
            HANDLER,
            '        handler = handlers.get(request.header("x-http-method-override") or ("GET" if request.method == "HEAD" else request.method))\n',
        ),
        subtle=True,
    ),
    assumed("no-head", "*/robustness", (HANDLER, "        handler = handlers.get(request.method)\n"), subtle=True),
    assumed(
        "no-options", "*/robustness", ('if request.method == "OPTIONS":', 'if request.method == "NONE":'), subtle=True
    ),
    assumed(
        "options-without-allow",
        "*/robustness",
        ('return Response(204, {"allow": allowed(handlers)})', "return Response(204, {})"),
        subtle=True,
    ),
    assumed(
        "options-is-200",
        "*/robustness",
        ('return Response(204, {"allow"', 'return Response(200, {"allow"'),
        subtle=True,
    ),
    assumed(
        "trailing-slash-accepted",
        "*/robustness",
        ("return path.removeprefix(BASE)", 'return path.removeprefix(BASE).rstrip("/")'),
        subtle=True,
    ),
    assumed(
        "path-in-any-letter-case",
        "*/robustness",
        ("if match := re.fullmatch(pattern, path):", "if match := re.fullmatch(pattern, path, re.IGNORECASE):"),
        subtle=True,
    ),
    assumed(
        "double-slash-accepted",
        "*/robustness",
        ("return path.removeprefix(BASE)", 'return path.replace("//", "/").removeprefix(BASE)'),
        subtle=True,
    ),
    assumed(
        "unknown-path-is-400",
        "*/robustness",
        (
            '    raise Refusal(404, "There is nothing here")\n\n\ndef allowed',
            '    raise Refusal(400, "There is nothing here")\n\n\ndef allowed',
        ),
        subtle=True,
    ),
    assumed(
        "unknown-path-in-html",
        "*/robustness",
        (
            "    return Response(refusal.status,",
            '    if "nothing here" in refusal.detail:\n        return Response(404, {"content-type": "text/html"}, b"<h1>Not Found</h1>")\n    return Response(refusal.status,',
        ),
    ),
    assumed(
        "unknown-path-wants-key",
        "*/robustness",
        (
            "        handlers, identifier = route(",
            "        authenticate(request)\n        handlers, identifier = route(",
        ),
        subtle=True,
    ),
    assumed(
        "html-asked-for-is-406",
        "*/robustness",
        (
            AUTHENTICATE,
            AUTHENTICATE
            + '        if "json" not in (request.header("accept") or "json") and "*/*" not in (request.header("accept") or ""):\n            raise Refusal(406, "Only JSON")\n',
        ),
        subtle=True,
    ),
    assumed(
        "odd-query-crashes",
        "*/robustness",
        (
            '        except ValueError:\n            raise Refusal(400, "The query',
            '        except ZeroDivisionError:\n            raise Refusal(400, "The query',
        ),
        subtle=True,
    ),
    assumed(
        "long-page-number-crashes",
        "*/robustness",
        (
            '        if not re.fullmatch(r"-?[0-9]{1,9}", value)',
            '        assert len(value) < 10\n        if not re.fullmatch(r"-?[0-9]{1,9}", value)',
        ),
        subtle=True,
    ),
    assumed(
        "unknown-parameter-refused",
        "*/robustness",
        (
            "        asked = {**defaults, **{",
            '        if given.keys() - checks.keys():\n            raise Refusal(400, "Unknown parameter", [{"parameter": min(given.keys() - checks.keys()), "detail": "is unknown"}])\n        asked = {**defaults, **{',
        ),
        subtle=True,
    ),
)
