"""The model says what the spec says; the real specs are sound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.contract import AVAILABLE, Contract, ContractError, ContractErrors, loader, source_of
from mockserver.contract.__main__ import main
from mockserver.contract.document import specs_directory
from mockserver.contract.lint_sources import document_text, folded
from mockserver.contract.model import Match, Quota, RateLimit, SecurityScheme, Window
from tests.contract.library_spec import TEXT, example, load


@pytest.fixture
def library(tmp_path: Path) -> Contract:
    return load(example(tmp_path), tmp_path)


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_real_specs_are_sound(name: str) -> None:
    contract = loader.load(name)
    assert contract.name == name
    assert contract.operations
    assert all(source_of(contract, operation.pointer) == operation.source for operation in contract.operations.values())


@pytest.mark.parametrize("name", AVAILABLE)
def test_every_quotation_of_the_real_specs_is_in_its_document(name: str) -> None:
    contract = loader.load(name)
    quoted = [source for source in contract.sources.values() if source.level == "documented"]
    assert quoted
    for source in quoted:
        assert source.quote
        assert folded(source.quote) in (document_text(specs_directory(), str(source.document)) or "")


def test_load_all_loads_the_named_ones() -> None:
    assert list(loader.load_all(["mega", "convertiq"])) == ["mega", "convertiq"]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ContractError) as refused:
        loader.load("saleiq")
    assert str(refused.value) == "specs: there is no API named 'saleiq'; did you mean 'salesiq'?"


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"none\.yaml: cannot be read: "):
        loader.load(tmp_path / "none.yaml")


def test_mistakes_of_several_specs_are_told_together() -> None:
    with pytest.raises(ContractErrors) as refused:
        loader.load_all(["megaa", "sales"])
    assert [error.value for error in refused.value.errors] == ["megaa", "sales"]


def test_the_address_and_the_names(library: Contract) -> None:
    assert (library.name, library.title) == ("library", "Library")
    assert (library.host, library.base_path) == ("library.example", "/api/v1")
    assert list(library.operations) == ["createBook", "readBook", "importBooks", "createHook"]


def test_an_operation_has_all_that_applies_to_it(library: Contract) -> None:
    create, read, bulk = (library.operations[name] for name in ("createBook", "readBook", "importBooks"))
    assumed = library.named_sources["Z1"]
    assert (create.method, create.path, create.summary) == ("POST", "/books", "Create a book")
    assert (create.record_kind, create.record_action) == ("book", "create")
    assert (create.scopes, create.security, create.public) == (("books:write",), ("key",), False)
    assert (create.max_bytes, create.max_depth) == (1000, 8)
    assert (bulk.max_bytes, bulk.max_depth) == (5000, 8)
    assert create.rate_limit == RateLimit("default", None, headers=True, source=assumed)
    assert read.rate_limit is None
    assert create.quota == Quota("book", assumed)
    assert (create.body_required, bulk.body_required, read.body_schema) == (True, False, None)
    assert (create.media_types, read.media_types) == (("application/json",), ())
    assert list(create.responses) == [200, 201, 409, 429]
    assert [(p.name, p.location, p.required) for p in read.parameters] == [("id", "path", True)]


def test_references_are_inlined_and_the_document_is_left_as_it_is(library: Contract) -> None:
    schema = library.operations["createBook"].body_schema
    assert schema is not None
    assert "$ref" not in str(schema)
    assert schema["properties"]["example"]["properties"]["name"]["type"] == "string"
    assert library.document["components"]["schemas"]["Book"]["properties"]["example"] == {
        "$ref": "#/components/schemas/Owner"
    }


def test_behaviours(library: Contract) -> None:
    create, bulk, hook = (library.operations[name] for name in ("createBook", "importBooks", "createHook"))
    assert create.deduplication is not None
    assert create.deduplication.match == (
        Match(("/contact_email",), "email", "email", "email"),
        Match(("/owner/phone",), "phone-last-10", "phone", "phone"),
    )
    assert (create.deduplication.within, create.deduplication.on_match) == ("workspace", "keep")
    assert create.deduplication.status == 200
    assert create.idempotency is not None
    assert (create.idempotency.mismatch, create.idempotency.unless) == (409, ("/dry_run", True))
    assert bulk.batch is not None
    assert (bulk.batch.rows, bulk.batch.min, bulk.batch.max) == ("/books", 1, 9)
    assert bulk.batch.row_schema["required"] == ["title"]
    assert hook.webhooks is not None
    assert list(hook.webhooks.retry.delays) == [0, 1, 2, 3]
    assert hook.webhooks.retry.first(6) == (0, 1, 2, 3, 3, 3)
    assert hook.webhooks.retry.first(2) == (0, 1)


def test_events_plans_errors_and_credentials(library: Contract) -> None:
    (event,) = library.events
    assert (event.name, event.callback, event.registered_by) == ("book.created", "bookCreated", "createHook")
    assert (event.fired_by, event.not_fired_by) == (("createBook",), ("importBooks",))
    assert event.schema is not None
    assert library.default_plan == "small"
    assert library.plans["small"].rate_limits == {"default": (Window(60, 60),)}
    assert library.plans["small"].quotas == {"book": 5}
    assert library.plans["large"].rate_limits == {"default": ()}
    assert library.errors.statuses["credential-invalid"] == 403
    assert library.errors.statuses["credential-missing"] == 401
    assert library.security["key"] == SecurityScheme(
        "key", "apiKey", "X-Key", "^lib_[0-9a-f]{8}$", {"books:write": "Write books", "books:read": "Read books"}
    )


def test_an_operation_without_credential_is_not_metered_unless_it_says_so(tmp_path: Path) -> None:
    document = example(tmp_path)
    document["paths"]["/books/bulk"]["post"]["security"] = []
    bulk = load(document, tmp_path).operations["importBooks"]
    assert bulk.public
    assert bulk.rate_limit is None


def test_the_command_tells_what_a_spec_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example(tmp_path)
    path = tmp_path / "library.yaml"
    path.write_text(TEXT, "utf-8")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: ok (4 operations, 8 behaviours, 1 event, 41 sources)\n"


def test_the_command_tells_every_mistake_and_fails(tmp_path: Path) -> None:
    example(tmp_path)
    path = tmp_path / "library.yaml"
    path.write_text(TEXT.replace("max: 9", "maks: 9").replace("/contact_email]", "/contact]"), "utf-8")
    command = [sys.executable, "-m", "mockserver.contract", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{path}: paths./books/bulk.post.x-batch: 'max' is missing; add it",
        (
            f"{path}: paths./books/bulk.post.x-batch.maks: unknown member 'maks'; known are rows, min, max, "
            "row-operation, row-schema, on-duplicate, dry-run, row-ref, source"
        ),
        (
            f"{path}: paths./books.post.x-deduplication.match[0].pointers[0]: '/contact' is not a member of the "
            "request body; did you mean '/contact_email'?"
        ),
    ]
