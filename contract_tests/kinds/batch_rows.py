"""Batches: mixtures of rows of every sort, compared row by row with a reference model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, assumed, only
from .import_scene import BARE, EMAIL_STYLES, NOTHINGS, PHONE_STYLES, REFS, Draft, Scene

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("batch")

_BULK = only("mega/bulkImportLeads")
_M43 = assumed("M43", "Rows are handled in order, and can match leads that rows above them created.")
_OPTIONS: tuple[dict[str, Any], ...] = ({}, {"on_duplicate": "update"}, {"on_duplicate": "skip"})
#: Leads that are there before: with both, with an email only, with a phone only.
_KNOWN = (Draft(0, 0, 0, platform="referral", line="buyer"), Draft(1, None, 1), Draft(None, 2, 2))
#: Rows that follow from each other, for each the statuses told in the catalogue of cases.
_CHAINS: tuple[tuple[Draft, ...], ...] = (
    (Draft(5, None, 5), Draft(5, None, 6)),
    (Draft(5, None, 5), Draft(None, 6, 6), Draft(5, 6, 7)),
    (Draft(5, 6, 5), Draft(None, 6, 6), Draft(5, None, 7)),
    (Draft(5, None, 5, wrong=0), Draft(5, None, 6), Draft(None, 6, 7, wrong=4), Draft(None, 6, 8)),
    (Draft(0, 2, 9), Draft(None, 2), Draft(None, 0), Draft(0)),
    (Draft(1, 5, 9), Draft(None, 5, 10), Draft(1, 6), Draft(None, 5, 11), Draft(None, 6)),
    (Draft(5, 0, 9), Draft(0, None, 10), Draft(5, None, 11), Draft(None, 0, 12)),
    (Draft(2, 2, 9), Draft(2, None, 10), Draft(None, 2, 11), Draft(2, 0, 12)),
    (Draft(None, None, 9), Draft(None, None, 9), Draft(None, None, 10, nothing=2)),
    (Draft(5, 5, email_style=1, phone_style=2), Draft(5, email_style=2), Draft(None, 5, phone_style=4)),
    (Draft(None, 5), Draft(5, 5, nothing=1), Draft(5, None, 5, nothing=2), Draft(5, 5, nothing=3)),
    (Draft(0, 0), Draft(0, 0), Draft(0, 0, 9), Draft(1, nothing=1), Draft(None, 2, nothing=2)),
)


@kind.promise(
    "chains",
    "A row matches what rows above it created or changed, and never what a failed row had.",
    on=_BULK,
    source=_M43,
)
def chains(lab: Lab, _operation: Operation) -> None:
    # All chains in one import, each with people of its own.
    known = [_moved(draft, at) for at in range(len(_CHAINS)) for draft in _KNOWN]
    rows = [_moved(draft, at) for at, chain in enumerate(_CHAINS) for draft in chain]
    for options in _OPTIONS[1:]:
        scene = Scene(lab)
        scene.send(known)
        scene.preview(rows, **options)
        scene.send(rows, **options)
        scene.send(rows)


def _moved(draft: Draft, chain: int) -> Draft:
    email, phone, name = (None if one is None else one + 100 * chain for one in (draft.email, draft.phone, draft.name))
    return replace(draft, email=email, phone=phone, name=name)


@kind.promise(
    "failing-rows",
    "Each row that is wrong fails alone, whatever is wrong with it: it writes nothing, and the others are imported.",
    on=_BULK,
    source=assumed("M45", "Whatever is wrong with a row, the row alone fails."),
)
def failing_rows(lab: Lab, _operation: Operation) -> None:
    count = len(Scene(lab).wrongs())
    wrong = [Draft(10 + at, 10 + at, 10 + at, wrong=at) for at in range(count)]
    known = [Draft(at % 2, None, 10 + at, wrong=at) for at in range(count)]
    by_phone = [Draft(None, 2, 10 + at, wrong=at) for at in range(count)]
    right = [Draft(10 + at, 10 + at, 10 + at) for at in range(count)]
    bare = [Draft(bare=at) for at in range(len(BARE))]
    bare += [Draft(nothing=at, ref=at) for at in range(len(NOTHINGS))]
    for rows in (
        bare,
        [*wrong, *bare],
        [Draft(5, 5, 5), *known, Draft(6, 6, 6), *bare, *by_phone, Draft(0, None, 7)],
        [row for pair in zip(wrong, right, strict=True) for row in pair],
    ):
        for options in _OPTIONS[1:]:
            scene = _scene(lab)
            scene.preview(rows, **options)
            scene.send(rows, **options)


@kind.promise(
    "row-members",
    "Each member of a row is stored, in a new lead and in a merged one, and row_ref comes back as it was sent.",
    on=_BULK,
    source=assumed("M53", "row_ref is echoed verbatim; the members of a row are those of a lead, and three more."),
)
def row_members(lab: Lab, _operation: Operation) -> None:
    slug = Scene(lab).slugs[0]
    values = ("x", 0, 1, -5, 2.5, True, False, None, 9007199254740993, "\U0001f680")
    more: list[dict[str, Any]] = [{"ref": at} for at in range(len(REFS))]
    more += [{"platform": one} for one in ("referral", "zoho", "direct")]
    more += [{"type": one} for one in ("form", "import", "manual")]
    more += [{"stage": 0}, {"stage": 1}, {"owner": True}, {"line": "buyer"}, {"line": "seller"}]
    more += [{"fields": ((slug, value),)} for value in values]
    more += [{"fields": (("made_up", 1), (slug, "y"), ("another", None))}, {"fields": (("made_up", 2),)}]
    more += [{"platform": "ghl", "type": "sms", "stage": 1, "owner": True, "line": "seller", "fields": ((slug, 7),)}]
    for options in _OPTIONS[1:]:
        scene = _scene(lab)
        new = [Draft(20 + at, 20 + at, 20 + at, **members) for at, members in enumerate(more)]
        merged = [Draft(20 + at, None, None, **more[-1 - at]) for at in range(len(more))]
        for rows in (new, merged, [Draft(None, row.email, 90, nothing=1) for row in new]):
            scene.preview(rows, **options)
            scene.send(rows, **options)
        scene.send(new)


@kind.promise(
    "mixtures",
    "Whatever rows are mixed, each has the result that it would have alone, after those above it.",
    on=_BULK,
    source=_M43,
)
def mixtures(lab: Lab, _operation: Operation) -> None:
    people = st.none() | st.integers(0, 4)
    fields = st.lists(
        st.tuples(
            st.sampled_from(["made_up", "made_up_2", *Scene(lab).slugs]),
            st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "1", "true"]),
        ),
        max_size=3,
        unique_by=lambda pair: pair[0],
    ).map(tuple)
    good = st.builds(
        Draft,
        email=people,
        phone=people,
        name=people,
        email_style=st.integers(0, EMAIL_STYLES - 1),
        phone_style=st.integers(0, PHONE_STYLES - 1),
        nothing=st.integers(0, len(NOTHINGS) - 1),
        ref=st.integers(0, len(REFS) - 1),
        platform=st.sampled_from([None, None, "zoho", "direct"]),
        type=st.sampled_from([None, None, "chat", "manual"]),
        stage=st.none() | st.integers(0, 1),
        owner=st.booleans(),
        line=st.sampled_from([None, None, "buyer", "seller"]),
        fields=fields,
    )
    bad = st.builds(Draft, email=people, phone=people, name=people, ref=st.integers(0, 10), wrong=st.integers(0, 99))
    bare = st.builds(Draft, bare=st.integers(0, len(BARE) - 1))
    rows = st.lists(st.one_of(good, good, good, bad, bare), min_size=1, max_size=10)

    @lab.each(st.tuples(rows, st.sampled_from(_OPTIONS), st.booleans(), rows), examples=25)
    def _(drawn: tuple[list[Draft], dict[str, Any], bool, list[Draft]]) -> None:
        first, options, preview, second = drawn
        scene = _scene(lab)
        if preview:
            scene.preview(first, **options)
        scene.send(first, **options)
        scene.send(second)


def _scene(lab: Lab) -> Scene:
    """A scene with the leads that are there before."""
    scene = Scene(lab)
    scene.send([*_KNOWN], dry_run=False)
    return scene
