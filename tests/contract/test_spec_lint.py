"""Each mistake in a spec is told with its place, its value, and the word that was likely meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.library_spec import example, mistakes, put

CREATE = "paths /books post"
BULK = "paths /books/bulk post"
HOOK = "paths /hooks post"
EVENT = f"{HOOK} callbacks bookCreated {{$request.body#/url}} post x-event"
FILE = "specs/library.yaml: "
IDS = "known are createBook, readBook, importBooks, createHook"

VOCABULARY: list[tuple[str, Any, str]] = [
    (f"{CREATE} x-dedup", {}, "paths./books.post.x-dedup: unknown key 'x-dedup'; did you mean 'x-deduplication'?"),
    (
        "components schemas Book x-deduplication",
        {},
        "components.schemas.Book.x-deduplication: 'x-deduplication' has no meaning here; it belongs on an operation",
    ),
    (f"{BULK} x-batch rowz", "/x", "paths./books/bulk.post.x-batch.rowz: unknown member 'rowz'; did you mean 'rows'?"),
    (
        f"{CREATE} x-deduplication match 0 normalizer",
        "phone-last10",
        (
            "paths./books.post.x-deduplication.match[0].normalizer: 'phone-last10' is not one of email, phone-last-10, "
            "phone-digits-10; did you mean 'phone-last-10'?"
        ),
    ),
    (f"{CREATE} x-quota source", "-", "paths./books.post.x-quota: 'source' is missing; add it"),
    ("x-api", "-", "'x-api' is missing; add it"),
    ("x-source", "-", "'x-source' is missing; did you mean 'x-sources'?"),
    (
        "x-errors statuses rate-limitd",
        429,
        "x-errors.statuses.rate-limitd: unknown name 'rate-limitd'; did you mean 'rate-limited'?",
    ),
    (
        "x-rate-limit windows",
        [{"limit": 1, "seconds": 1}],
        "x-rate-limit: exactly one of windows, by-plan must be here",
    ),
    ("x-rate-limit per", "hour", "x-rate-limit.per: must be 'credential', not 'hour'"),
    ("x-sources Z1 quote", "x", "x-sources.Z1.quote: 'quote' does not go with this level"),
    ("x-sources created quote", "-", "x-sources.created: 'quote' is missing; add it"),
    (f"{BULK} x-batch max", "9", "paths./books/bulk.post.x-batch.max: must be an integer, not '9'"),
    (f"{HOOK} x-webhooks retry", {"schedule": [5]}, "paths./hooks.post.x-webhooks.retry.schedule[0]: must be 0, not 5"),
    (
        f"{CREATE} x-deduplication match 0 pointers 0",
        "email",
        "paths./books.post.x-deduplication.match[0].pointers[0]: 'email' does not match ^(/[^/]+)+$",
    ),
    (EVENT, "-", f"{EVENT.removesuffix(' x-event').replace(' ', '.')}: 'x-event' is missing; add it"),
]

REFERENCES: list[tuple[str, Any, str]] = [
    (
        f"{CREATE} x-deduplication match 0 pointers 0",
        "/contact_emial",
        (
            "paths./books.post.x-deduplication.match[0].pointers[0]: '/contact_emial' is not a member of the request "
            "body; did you mean '/contact_email'?"
        ),
    ),
    (
        f"{CREATE} x-deduplication match 1 pointers 0",
        "/owner/fone",
        (
            "paths./books.post.x-deduplication.match[1].pointers[0]: '/owner/fone' is not a member of the request "
            "body; did you mean '/owner/phone'?"
        ),
    ),
    (
        f"{CREATE} x-deduplication status",
        "202",
        "paths./books.post.x-deduplication.status: '202' is not a declared response; declared are 200, 201, 409, 429",
    ),
    (
        f"{CREATE} x-deduplication within",
        "customer",
        "paths./books.post.x-deduplication.within: 'customer' is not what x-tenancy names; write 'workspace'",
    ),
    (
        f"{CREATE} x-idempotency header",
        "Idempotence-Key",
        (
            "paths./books.post.x-idempotency.header: 'Idempotence-Key' is not a header parameter of the operation; "
            "did you mean 'idempotency-key'?"
        ),
    ),
    (
        f"{CREATE} x-idempotency mismatch",
        "422",
        "paths./books.post.x-idempotency.mismatch: '422' is not a declared response; declared are 200, 201, 409, 429",
    ),
    (
        f"{CREATE} x-idempotency unless pointer",
        "/dryrun",
        (
            "paths./books.post.x-idempotency.unless.pointer: '/dryrun' is not a member of the request body; "
            "did you mean '/dry_run'?"
        ),
    ),
    (
        f"{CREATE} x-idempotency scope 0",
        "account",
        "paths./books.post.x-idempotency.scope[0]: 'account' is not what x-tenancy names; write 'workspace'",
    ),
    (
        f"{CREATE} x-idempotency replay-header",
        "Replay",
        (
            "paths./books.post.x-idempotency.replay-header: 'Replay' is not a header of the successful response; "
            "did you mean 'Replayed'?"
        ),
    ),
    (
        f"{BULK} x-batch rows",
        "/boks",
        "paths./books/bulk.post.x-batch.rows: '/boks' is not a member of the request body; did you mean '/books'?",
    ),
    (
        f"{BULK} x-batch row-operation",
        "createBok",
        "paths./books/bulk.post.x-batch.row-operation: 'createBok' is not an operationId; did you mean 'createBook'?",
    ),
    (
        f"{BULK} x-batch row-schema",
        "#/components/schemas/Bok",
        (
            "paths./books/bulk.post.x-batch.row-schema: '#/components/schemas/Bok' leads nowhere; "
            "did you mean '#/components/schemas/Book'?"
        ),
    ),
    (
        f"{BULK} x-batch row-ref",
        "titel",
        "paths./books/bulk.post.x-batch.row-ref: 'titel' is not a member of the row schema; did you mean 'title'?",
    ),
    (
        f"{CREATE} responses 429",
        "-",
        (
            "paths./books.post.responses: '429' is not declared, though the bucket 'default' meters the operation; "
            "declare 429, or say x-rate-limit: none"
        ),
    ),
    (
        f"{CREATE} x-scopes 0",
        "book:write",
        (
            "paths./books.post.x-scopes[0]: 'book:write' is not a scope of the operation's security scheme; "
            "did you mean 'books:write'?"
        ),
    ),
    (
        f"{EVENT} fired-by 0",
        "createBooks",
        f"{EVENT.replace(' ', '.')}.fired-by[0]: 'createBooks' is not an operationId; did you mean 'createBook'?",
    ),
    (
        f"{EVENT} not-fired-by 0",
        "createBook",
        f"{EVENT.replace(' ', '.')}.not-fired-by: 'createBook' is in fired-by too; leave it in one of the two",
    ),
    (
        f"{CREATE} x-source",
        "Z2",
        "paths./books.post.x-source: 'Z2' is not a source of x-sources; known are created, Z1, page",
    ),
    (
        f"{CREATE} x-quota source",
        "pages",
        "paths./books.post.x-quota.source: 'pages' is not a source of x-sources; did you mean 'page'?",
    ),
    (
        f"{CREATE} x-quota kind",
        "film",
        "x-plans.plans.small.quotas.book: 'book' is not a kind with an x-quota; known are film",
    ),
    (
        "x-plans plans small rate-limits defualt",
        [],
        "x-plans.plans.small.rate-limits.defualt: 'defualt' is not a bucket that plans decide; did you mean 'default'?",
    ),
    (
        "x-plans plans large rate-limits default",
        "-",
        "x-plans.plans.large.rate-limits: nothing is said of the bucket 'default'; add default: [] if it is unlimited",
    ),
    ("x-plans default", "smal", "x-plans.default: 'smal' is not one of the plans; did you mean 'small'?"),
    (
        "x-sources created quote",
        "A book is made.",
        (
            "x-sources.created.quote: 'A book is made.' is not in the document library; "
            "the document says 'A book is created. Books with the'"
        ),
    ),
    (
        "x-sources created document",
        "libary",
        "x-sources.created.document: 'libary' is not a document in specs/documents; did you mean 'library'?",
    ),
    (
        "components schemas Book properties title x-source-of",
        {"maxLenght": "Z1"},
        (
            "components.schemas.Book.properties.title.x-source-of.maxLenght: 'maxLenght' is not a keyword here, nor an "
            "item of one; did you mean 'maxLength'?"
        ),
    ),
    (
        f"{CREATE} responses 201 x-source",
        "-",
        (
            "paths./books.post.responses.201: nothing says where this comes from; "
            "add x-source: a name from x-sources, or a source"
        ),
    ),
    (
        f"{CREATE} responses default",
        {"description": "Other", "x-source": "Z1"},
        "paths./books.post.responses.default: 'default' promises nothing; declare each status by its number",
    ),
    (
        f"{CREATE} responses 201 links one operationId",
        "raedBook",
        (
            "paths./books.post.responses.201.links.one.operationId: 'raedBook' is not an operationId; "
            "did you mean 'readBook'?"
        ),
    ),
    (
        f"{CREATE} responses 201 links one parameters id",
        "$response.body#/idd",
        (
            "paths./books.post.responses.201.links.one.parameters.id: '/idd' is not a member of the response body; "
            "did you mean '/id'?"
        ),
    ),
    (
        "paths /books/{id} get operationId",
        "createBook",
        (
            "paths./books/{id}.get.operationId: 'createBook' is the operationId of POST /books and GET /books/{id}; "
            "each operation has its own"
        ),
    ),
    (
        "servers 0 url",
        "https://library.example/api/",
        (
            "servers[0].url: 'https://library.example/api/' ends with a slash, and each path begins with one; "
            "leave the last slash out"
        ),
    ),
    (
        "servers 0 url",
        "/api",
        "servers[0].url: '/api' is not an absolute https address; write it as https://host/base-path",
    ),
    ("x-api name", "libary", "x-api.name: 'libary' is not the name of the file; call it 'library'"),
    (
        "components schemas Book properties title pattern",
        "(",
        (
            "components.schemas.Book.properties.title.pattern: '(' does not compile: "
            "missing ), unterminated subpattern at position 0"
        ),
    ),
    (
        "components schemas Book properties example $ref",
        "#/components/schemas/Ownr",
        (
            "components.schemas.Book.properties.example.$ref: '#/components/schemas/Ownr' leads nowhere; "
            "did you mean '#/components/schemas/Owner'?"
        ),
    ),
    (
        "components schemas Owner properties phone",
        {"$ref": "#/components/schemas/Owner"},
        "components.schemas.Owner: '#/components/schemas/Owner' leads back to itself",
    ),
    (
        "components schemas Book properties example maxLength",
        5,
        (
            "components.schemas.Book.properties.example: 'maxLength' beside $ref is ignored by OpenAPI 3.0; "
            "wrap the $ref in allOf"
        ),
    ),
    (
        f"{CREATE} security",
        [{"kee": []}],
        "paths./books.post.security: 'kee' is not a security scheme; did you mean 'key'?",
    ),
    (
        "paths /books/{id} parameters 0 name",
        "di",
        "paths./books/{id}.get.parameters: 'id' is not declared as a path parameter; known are di",
    ),
    (
        f"{HOOK} x-webhooks",
        "-",
        (
            "paths./hooks.post.callbacks: callbacks without x-webhooks; "
            "add x-webhooks: how its deliveries are signed and retried"
        ),
    ),
    ("x-errors types", {"400": "bad"}, "x-errors.types: the envelope success-flag has no types; remove them"),
    (
        "components securitySchemes key x-credential pattern",
        "^(lib$",
        "components.securitySchemes.key.x-credential.pattern: '^(lib$' is not a valid regex",
    ),
]


def named(case: tuple[str, Any, str]) -> str:
    return f"{case[0].rpartition(' ')[2]}={case[1]!r}"[:50]


def test_the_example_itself_has_no_mistake(tmp_path: Path) -> None:
    assert mistakes(example(tmp_path), tmp_path) == []


@pytest.mark.parametrize("case", VOCABULARY, ids=named)
def test_what_the_vocabulary_does_not_know_is_refused(case: tuple[str, Any, str], tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, case[0], case[1])
    assert FILE + case[2] in mistakes(document, tmp_path)


@pytest.mark.parametrize("case", REFERENCES, ids=named)
def test_what_refers_to_nothing_is_refused(case: tuple[str, Any, str], tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, case[0], case[1])
    found = mistakes(document, tmp_path)
    assert FILE + case[2] in found, "\n".join(found)


def test_a_quota_for_a_kind_that_no_plan_counts_is_refused(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, f"{CREATE} x-quota kind", "boook")
    assert (
        f"{FILE}paths./books.post.x-quota.kind: 'boook' is not a kind with a quota in any plan; did you mean 'book'?"
        in mistakes(document, tmp_path)
    )


def test_every_status_of_an_error_object_needs_its_word(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "x-errors envelope", "error-object")
    assert mistakes(document, tmp_path) == [
        (
            f"{FILE}x-errors.types: no type for 400, 401, 403, 404, 405, 409, 413, 415, 429, 500; "
            "each status of an error needs its word"
        )
    ]


def test_plans_are_needed_where_they_decide(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "x-plans", "-")
    put(document, f"{CREATE} x-quota", "-")
    expected = f"{FILE}x-rate-limit.by-plan: there are no plans to decide; add x-plans, or say windows"
    assert set(mistakes(document, tmp_path)) == {expected}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, f"{CREATE} x-dedup", {})
    put(document, f"{CREATE} x-source", "Z2")
    put(document, f"{BULK} x-batch rows", "/boks")
    put(document, "servers 0 url", "/api")
    found = mistakes(document, tmp_path)
    assert [line.split(": ")[1] for line in found] == [
        "paths./books.post.x-dedup",
        "paths./books.post.x-source",
        "servers[0].url",
        "paths./books/bulk.post.x-batch.rows",
    ]


def test_a_malformed_behaviour_is_told_once_and_does_not_hide_the_rest(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, f"{CREATE} x-deduplication", 5)
    put(document, f"{BULK} x-batch", [])
    put(document, "x-plans", "none")
    found = mistakes(document, tmp_path)
    assert found[:3] == [
        f"{FILE}x-plans: must be an object, not 'none'",
        f"{FILE}paths./books.post.x-deduplication: must be an object, not 5",
        f"{FILE}paths./books/bulk.post.x-batch: must be an object, not []",
    ]


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("paths", [], "paths: must be an object, not []"),
        ("openapi", "3.1.0", "openapi: '3.1.0' does not match ^3\\.0\\.[0-9]$"),
        (f"{CREATE} operationId", "-", "paths./books.post: 'operationId' is missing; add it"),
        (f"{CREATE} responses 201", "Created", "paths./books.post.responses.201: must be an object, not 'Created'"),
        ("servers", "-", "'servers' is missing; add it"),
        (
            "components schemas Book properties title maxLenght",
            5,
            (
                "components.schemas.Book.properties.title.maxLenght: unknown keyword 'maxLenght'; "
                "did you mean 'maxLength'?"
            ),
        ),
        (
            "components schemas Book properties title type",
            "text",
            (
                "components.schemas.Book.properties.title.type: must be one of string, number, integer, boolean, "
                "array, object, not 'text'"
            ),
        ),
    ],
)
def test_what_is_not_even_openapi_is_refused(place: str, value: Any, message: str, tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, place, value)
    assert mistakes(document, tmp_path) == [FILE + message]


def test_a_reference_to_something_of_another_kind_is_refused(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "paths /books/{id} get responses 200 $ref", "#/components/parameters/Key")
    assert mistakes(document, tmp_path) == [
        f"{FILE}paths./books/{{id}}.get.responses.200: 'description' is missing; add it"
    ]


def places(node: Any, above: tuple[str, ...] = ()) -> Iterator[str]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in below:
        yield " ".join((*above, str(key)))
        yield from places(child, (*above, str(key)))


@pytest.mark.parametrize("junk", [5, [], {"a": None}], ids=repr)
def test_nonsense_anywhere_is_taken_or_refused_but_breaks_nothing(junk: Any, tmp_path: Path) -> None:
    example(tmp_path)
    taken = 0
    for place in places(example(tmp_path)):
        document = example(tmp_path)
        put(document, place, junk)
        taken += mistakes(document, tmp_path) == []
    assert taken < 60  # names, texts and values of the author's


def test_names_that_authors_choose_are_no_extensions(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, f"{CREATE} responses 201 headers x-request-number", {"schema": {"type": "string"}})
    put(document, "components schemas Book properties x-any", {"type": "string"})
    put(document, "components schemas Book example", {"x-anything": 1})
    assert mistakes(document, tmp_path) == []
