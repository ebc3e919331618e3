"""Faults of MEGA: JSON and HTTP."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, vendor_page

UNREADABLE = "    except (ValueError, RecursionError) as error:\n        raise Refusal(400, "
MEDIA = '    if media != "application/json":\n'
HEADERS = "        headers = header_values(scope)\n"
PATH = '    path = below_base(scope["path"])\n'
METHOD = '    operation = operations.get("GET" if scope["method"] == "HEAD" else scope["method"])\n'
ROBUSTNESS = (
    assumed(
        "nan-is-taken-for-null", "*/robustness", ("parse_constant=refuse_constant", "parse_constant=lambda _: None")
    ),
    assumed(
        "huge-float-is-taken-for-zero",
        "*/robustness",
        ('        raise ValueError("a number is too large")\n', "        return 0.0\n"),
        subtle=True,
    ),
    assumed(
        "names-twice-in-an-object", "*/robustness", ("object_pairs_hook=unique", "object_pairs_hook=dict"), subtle=True
    ),
    assumed("byte-order-mark", "*/robustness", ('body.decode("utf-8")', 'body.decode("utf-8-sig")'), subtle=True),
    assumed("utf-16", "*/robustness", ('body.decode("utf-8")', "body.decode(json.detect_encoding(body))"), subtle=True),
    assumed(
        "broken-utf-8-repaired",
        "*/robustness",
        ('body.decode("utf-8")', 'body.decode("utf-8", errors="replace")'),
        subtle=True,
    ),
    assumed(
        "lone-surrogate-is-500",
        "*/robustness",
        ('raise Refusal(400, "A text has a lone', 'raise Refusal(500, "A text has a lone'),
        subtle=True,
    ),
    assumed("nul-is-taken", "*/robustness", ('NUL = re.compile("\\0")', 'NUL = re.compile("(?!)")'), subtle=True),
    assumed("any-depth", "*/robustness", ("MAX_DEPTH = 32", "MAX_DEPTH = 200")),
    assumed("one-level-too-few", "*/robustness", ("MAX_DEPTH = 32", "MAX_DEPTH = 31"), subtle=True),
    assumed("one-level-too-many", "*/robustness", ("MAX_DEPTH = 32", "MAX_DEPTH = 33"), subtle=True),
    vendor_page(
        "deep-nesting-is-500",
        "*/robustness",
        (UNREADABLE, UNREADABLE.replace("400", "500 if isinstance(error, RecursionError) else 400")),
    ),
    vendor_page(
        "endless-number-is-500",
        "*/robustness",
        (UNREADABLE, UNREADABLE.replace("400", '500 if "digit" in str(error) else 400')),
        subtle=True,
    ),
    vendor_page("broken-json-is-500", "*/robustness", (UNREADABLE, UNREADABLE.replace("400", "500"))),
    vendor_page("no-body-is-500", "*/robustness", (UNREADABLE, UNREADABLE.replace("400", "400 if body else 500"))),
    vendor_page("broken-json-is-422", "*/robustness", (UNREADABLE, UNREADABLE.replace("400", "422"))),
    assumed(
        "no-body-changes-nothing",
        "updateLeadWebhook/robustness",
        ('body.decode("utf-8")', '(body or b"{}").decode("utf-8")'),
        subtle=True,
    ),
    vendor_page(
        "text-after-the-body",
        "*/robustness",
        ("    check_values(value)\n", "    check_values(value)\n    # The rest is not looked at.\n"),
        (
            '        value = json.loads(\n            body.decode("utf-8"),',
            '        value = first_of(\n            body.decode("utf-8"),',
        ),
        (
            "def unique(",
            (
                "def first_of(text: str, **hooks: Any) -> Any:\n"
                "    return json.JSONDecoder(**hooks).raw_decode(text.lstrip())[0]\n\n\n"
                "def unique("
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "body-is-a-list",
        "createLead/robustness",
        (
            '        raise Refusal(400, "The request body must be an object")\n',
            '        raise Refusal(500, "Internal error")\n',
        ),
    ),
    assumed("any-media-type", "*/robustness", (MEDIA, '    if media == "application/xml":\n')),
    assumed("no-media-type", "*/robustness", (MEDIA, '    if media and media != "application/json":\n'), subtle=True),
    assumed(
        "wrong-media-type-is-400",
        "*/robustness",
        (
            'raise Refusal(415, "Content-Type must be application/json")',
            'raise Refusal(400, "Content-Type must be application/json")',
        ),
    ),
    assumed(
        "any-charset", "*/robustness", (' and value.strip().strip(\'"\') != "utf-8"', " and not value"), subtle=True
    ),
    assumed(
        "no-charset-permitted",
        "*/robustness",
        ('if name.strip() == "charset" and value', 'if name.strip() == "charset" or value'),
        subtle=True,
    ),
    assumed(
        "media-type-in-small-letters",
        "*/robustness",
        ("part.strip().lower() for part", "part.strip() for part"),
        subtle=True,
    ),
    assumed(
        "compressed-body-is-400",
        "*/robustness",
        ('Refusal(415, "Content-Encoding', 'Refusal(400, "Content-Encoding'),
        subtle=True,
    ),
    assumed(
        "body-of-2-mib", "createLead/robustness", ("MAX_BYTES = 1_048_576\n", "MAX_BYTES = 2_097_152\n"), subtle=True
    ),
    assumed(
        "import-of-1-mib-at-most",
        "bulkImportLeads/robustness",
        ("MAX_BULK_BYTES = 5_242_880\n", "MAX_BULK_BYTES = 1_048_576\n"),
        subtle=True,
    ),
    assumed(
        "import-of-6-mib",
        "bulkImportLeads/robustness",
        ("MAX_BULK_BYTES = 5_242_880\n", "MAX_BULK_BYTES = 6_291_456\n"),
        subtle=True,
    ),
    assumed(
        "one-byte-too-few", "*/robustness", ("    if len(body) > most:\n", "    if len(body) >= most:\n"), subtle=True
    ),
    assumed(
        "too-large-is-400",
        "*/robustness",
        ('raise Refusal(413, f"The request body', 'raise Refusal(400, f"The request body'),
    ),
    assumed(
        "wrong-method-without-allow",
        "*/robustness",
        ('raise Refusal(405, "Method not allowed", allowed(operations))', 'raise Refusal(405, "Method not allowed")'),
    ),
    assumed(
        "wrong-method-is-404",
        "*/robustness",
        (
            'raise Refusal(405, "Method not allowed", allowed(operations))',
            'raise Refusal(404, "There is nothing at this path")',
        ),
    ),
    assumed(
        "allow-forgets-a-method",
        "*/robustness",
        ('sorted({*operations, "OPTIONS"', 'sorted({*list(operations)[:1], "OPTIONS"'),
        subtle=True,
    ),
    assumed(
        "put-is-post",
        "*/robustness",
        (METHOD, METHOD.replace('scope["method"])\n', 'scope["method"].replace("PUT", "POST"))\n')),
        subtle=True,
    ),
    assumed(
        "method-override",
        "*/robustness",
        (
            METHOD,
            (
                '    named = header_values(scope).get("x-http-method-override", [scope["method"]])[0]\n'
                '    operation = operations.get("GET" if named == "HEAD" else named)\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "no-head", "listLeads/robustness", (METHOD, '    operation = operations.get(scope["method"])\n'), subtle=True
    ),
    assumed(
        "head-has-a-body",
        "listLeads/robustness",
        ('"body": b"" if method == "HEAD" else content', '"body": content'),
        ('"Content-Length": str(len(content))}', '"Content-Length": str(len(content) * (method != "HEAD"))}'),
        subtle=True,
    ),
    assumed(
        "options-is-200",
        "*/robustness",
        ("return Answer(204, None, allowed(operations))", "return Answer(200, {}, allowed(operations))"),
        subtle=True,
    ),
    assumed(
        "options-without-allow",
        "*/robustness",
        ("return Answer(204, None, allowed(operations))", "return Answer(204, None, {})"),
        subtle=True,
    ),
    assumed(
        "slash-at-the-end", "*/robustness", (PATH, '    path = below_base(scope["path"]).rstrip("/")\n'), subtle=True
    ),
    assumed(
        "path-in-any-letter-case", "*/robustness", (PATH, '    path = below_base(scope["path"]).lower()\n'), subtle=True
    ),
    assumed(
        "slashes-in-a-row",
        "*/robustness",
        (PATH, '    path = re.sub("/+", "/", below_base(scope["path"]))\n'),
        subtle=True,
    ),
    assumed("slash-in-disguise", "*/robustness", (' or b"%2f" in raw.lower()', ""), subtle=True),
    assumed(
        "only-clients-that-accept-json",
        "*/robustness",
        (
            HEADERS,
            HEADERS
            + (
                '        if not re.search(r"json|\\*/\\*", headers.get("accept", ["*/*"])[0]):\n'
                '            raise Refusal(406, "Only JSON")\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "sniffing-not-forbidden",
        "*/robustness",
        ('{"X-Content-Type-Options": "nosniff", **answer.headers}', "dict(answer.headers)"),
        subtle=True,
    ),
    assumed(
        "unknown-query-parameter-is-400",
        "listLeads/robustness",
        (
            "    for name in QUERY:\n",
            (
                "    if not {name for name, _ in pairs} <= set(QUERY):\n"
                '        raise Refusal(400, "Unknown parameter")\n'
                "    for name in QUERY:\n"
            ),
        ),
        subtle=True,
    ),
)
