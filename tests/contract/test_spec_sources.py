"""Every element has a source: its own, its nearest ancestor's, or a reference's."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.contract import Source, source_of
from tests.contract.library_spec import example, load, put

BOOK = "/components/schemas/Book"


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", "created"),
        ("/servers/0", "created"),  # inherits the root's
        ("/paths/~1books/post", "created"),
        ("/paths/~1books/post/x-record", "created"),
        ("/paths/~1books/post/x-deduplication", "page"),
        ("/paths/~1books/post/x-deduplication/match/0", "page"),
        ("/paths/~1books/post/parameters/0", "Z1"),  # the reference's target
        ("/paths/~1books/post/parameters/0/schema", "Z1"),
        ("/paths/~1books/post/responses/201", "created"),
        ("/paths/~1books/post/responses/201/content/application~1json/schema/properties/id", "Z1"),
        ("/paths/~1books~1{id}/get/responses/200/content/application~1json/schema/properties/title", "page"),
        (f"{BOOK}/properties/title", "page"),
        (f"{BOOK}/properties/title/maxLength", "Z1"),
        (f"{BOOK}/properties/title/type", "page"),
        (f"{BOOK}/required", "page"),
        (f"{BOOK}/required/title", "Z1"),
        (f"{BOOK}/required/0", "Z1"),
        (f"{BOOK}/properties/kind/enum/novel", "page"),
        (f"{BOOK}/properties/kind/enum/poem", "Z1"),
        (f"{BOOK}/properties/kind/enum/1", "Z1"),
        (f"{BOOK}/properties/kind/enum/null", "created"),
        (f"{BOOK}/properties/example", "Z1"),  # Owner's own, not Book's
        (f"{BOOK}/properties/example/name", "KeyError"),
        (f"{BOOK}/properties/example/properties/name", "page"),
        ("/x-plans/plans/small", "Z1"),
        ("/x-plans/plans/large", "created"),
        ("/paths/~1nowhere", "KeyError"),
    ],
)
def test_the_effective_source_of_an_element(pointer: str, expected: str, tmp_path: Path) -> None:
    contract = load(example(tmp_path), tmp_path)
    if expected == "KeyError":
        with pytest.raises(KeyError):
            source_of(contract, pointer)
        return
    assert source_of(contract, pointer) == contract.named_sources[expected]


def test_the_referrers_source_counts_where_the_target_has_none(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "components schemas Owner x-source", "-")
    put(document, "components schemas Book properties example x-source", "created")
    contract = load(document, tmp_path)
    pointer = f"{BOOK}/properties/example"
    assert source_of(contract, pointer) == contract.named_sources["created"]
    schema = contract.operations["createBook"].body_schema
    assert schema is not None
    assert schema["properties"]["example"]["x-source"] == "created"


def test_an_inline_source_is_as_good_as_a_named_one(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "paths /books post x-source", {"level": "assumed", "says": "Just so."})
    contract = load(document, tmp_path)
    assert contract.operations["createBook"].source == Source("assumed", says="Just so.")
    assert contract.sources["/paths/~1books/post"].text == "Just so."


def test_labelled_elements_are_listed_by_pointer(tmp_path: Path) -> None:
    contract = load(example(tmp_path), tmp_path)
    for pointer, name in {
        "": "created",
        "/info": "created",
        "/x-errors": "Z1",
        "/paths/~1books/post/x-idempotency": "Z1",
        f"{BOOK}/required/title": "Z1",
        f"{BOOK}/properties/kind/enum/poem": "Z1",
        f"{BOOK}/properties/kind/enum/null": "created",
    }.items():
        assert contract.sources[pointer] == contract.named_sources[name]
    assert all(source_of(contract, pointer) == source for pointer, source in contract.sources.items())


def test_quotations_are_compared_with_white_space_folded(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "x-sources created quote", "Books with the same email are one book.")
    load(document, tmp_path)
