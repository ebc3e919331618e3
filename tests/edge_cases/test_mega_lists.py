"""MEGA's list: bounds, cursors, moments, and what a search finds."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock, iso_ms
from mockserver.store.base import Record
from tests.caller import Caller
from tests.edge_cases.mega_world import create, listed, refused

pytestmark = pytest.mark.anyio
case = pytest.mark.case


@pytest.fixture
async def reader(mock: Mock) -> AsyncIterator[Caller]:
    """A customer without rate limits."""
    async with Caller.of_new_tenant(mock, "mega", unlimited=True) as caller:
        yield caller


async def page(caller: Caller, **query: Any) -> dict[str, Any]:
    response = await caller("GET", "/leads", params=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


async def walk(caller: Caller, **query: Any) -> list[str]:
    """The ids of all pages, cursor by cursor."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        body = await page(caller, **query, **cursor)
        ids += [lead["id"] for lead in body["leads"]]
        assert len(body["leads"]) == query["limit"] or body["next_cursor"] is None
        if body["next_cursor"] is None:
            return ids
        cursor = {"cursor": body["next_cursor"]}


async def people(caller: Caller, clock: ManualClock, count: int, *, seconds: float) -> list[str]:
    """This many leads, each so much later than the one before; their ids in the order of creation."""
    ids = []
    for number in range(count):
        ids.append((await create(caller, contact_email=f"p{number}@example.com"))["id"])
        clock.advance(seconds)
    return ids


@case(155)
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        *(("limit", value) for value in ("0", "101", "-1", "abc", "", "1.5", "1e1", "\uff11", "0x10", " 1")),
        *(("offset", value) for value in ("-1", "abc", "", "1.0", "9" * 30)),
    ],
)
async def test_a_limit_or_offset_out_of_bounds_is_refused(mega: Caller, parameter: str, value: str) -> None:
    assert parameter in refused(await mega("GET", "/leads", params={parameter: value}), 400)


@case(155)
async def test_limits_and_offsets_within_their_bounds_are_kept(reader: Caller, clock: ManualClock) -> None:
    ids = await people(reader, clock, 3, seconds=1)
    shown = {
        (limit, offset): await page(reader, limit=limit, offset=offset) for limit in (1, 100) for offset in (0, 2, 9)
    }
    for (limit, offset), body in shown.items():
        assert [lead["id"] for lead in body["leads"]] == ids[offset : offset + limit]
        assert (body["total"], body["limit"], body["offset"]) == (3, limit, offset)
    default = await page(reader)
    assert (default["limit"], default["offset"]) == (20, 0)


@case(156)
@pytest.mark.parametrize(
    "other",
    [{"sort_by": "created_at"}, {"sort_dir": "desc"}, {"sort_by": "created_at", "sort_dir": "desc"}],
    ids=["other-member", "other-direction", "both"],
)
async def test_a_cursor_holds_for_its_own_sort_only(reader: Caller, clock: ManualClock, other: dict[str, str]) -> None:
    await people(reader, clock, 2, seconds=1)
    cursor = (await page(reader, limit=1))["next_cursor"]
    assert "cursor" in refused(await reader("GET", "/leads", params={"cursor": cursor, **other}), 400)
    back = (await page(reader, limit=1, **other))["next_cursor"]
    refused(await reader("GET", "/leads", params={"cursor": back}), 400)
    assert len((await page(reader, cursor=back, **other))["leads"]) == 1


@case(156)
async def test_a_cursor_that_was_changed_anywhere_is_refused(reader: Caller, clock: ManualClock) -> None:
    await people(reader, clock, 2, seconds=1)
    cursor: str = (await page(reader, limit=1))["next_cursor"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [
        cursor[:place] + letters[(letters.find(cursor[place]) + 1) % 64] + cursor[place + 1 :]
        for place in range(len(cursor))
    ]
    for text in [*changed, cursor[:-1], cursor + "A", cursor + "=", cursor + " ", cursor * 2, cursor.swapcase()]:
        assert text != cursor
        refused(await reader("GET", "/leads", params={"cursor": text}), 400)
    assert len((await page(reader, cursor=cursor))["leads"]) == 1


@case(156)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "c1.",
        "c1." + "A" * 22,
        "c1." + "_" * 600,
        base64.b64encode(b'["updated_at","asc","",""]').decode(),
        "%00",
    ],
)
async def test_what_is_no_cursor_is_refused(mega: Caller, text: str) -> None:
    refused(await mega("GET", "/leads", params={"cursor": text}), 400)


@case(156)
async def test_a_cursor_of_another_customer_is_refused(reader: Caller, clock: ManualClock) -> None:
    await people(reader, clock, 2, seconds=1)
    cursor = (await page(reader, limit=1))["next_cursor"]
    async with reader.stranger() as other, reader.colleague() as colleague:
        refused(await other("GET", "/leads", params={"cursor": cursor}), 400)
        assert len((await page(colleague, cursor=cursor))["leads"]) == 1


@case(157)
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_the_sort_by_last_interaction_has_no_cursors(reader: Caller, clock: ManualClock, direction: str) -> None:
    ids = await people(reader, clock, 3, seconds=1)
    cursor = (await page(reader, limit=1))["next_cursor"]
    sort = {"sort_by": "last_interaction_at", "sort_dir": direction}
    refused(await reader("GET", "/leads", params={**sort, "cursor": cursor}), 400)
    pages = [await page(reader, limit=1, offset=offset, **sort) for offset in range(3)]
    assert [body["next_cursor"] for body in pages] == [None] * 3
    assert sorted(body["leads"][0]["id"] for body in pages) == sorted(ids), "offset still reaches every lead"


@case(158)
@pytest.mark.parametrize("seconds", [0, 1], ids=["one-moment", "one-a-second"])
@pytest.mark.parametrize("sort", ["created_at asc", "created_at desc", "updated_at asc", "updated_at desc"])
@pytest.mark.parametrize("limit", [1, 3, 7, 8])
async def test_cursors_reach_every_lead_once_and_in_order(
    reader: Caller, clock: ManualClock, seconds: int, sort: str, limit: int
) -> None:
    sort_by, direction = sort.split()
    ids = await people(reader, clock, 7, seconds=seconds)
    in_order = ids if seconds else sorted(ids)  # Equal times are told apart by id.
    expected = in_order if direction == "asc" else in_order[::-1]
    assert await walk(reader, limit=limit, sort_by=sort_by, sort_dir=direction) == expected


@case(158)
async def test_leads_that_come_while_paging_make_no_other_be_skipped(reader: Caller, clock: ManualClock) -> None:
    there = await people(reader, clock, 6, seconds=1)
    first = await page(reader, limit=2)
    clock.advance(1)
    new = (await create(reader, contact_email="new@example.com"))["id"]
    await create(reader, contact_email="p0@example.com")  # Seen already, and now changed.
    await create(reader, contact_email="p4@example.com")  # Still to come, and now last.
    seen = [lead["id"] for lead in first["leads"]]
    rest = await page(reader, limit=100, cursor=first["next_cursor"])
    after = [lead["id"] for lead in rest["leads"]]
    assert seen == there[:2]
    assert after[:3] == [there[2], there[3], there[5]], "those that stayed as they were come once, in order"
    assert sorted(after[3:]) == sorted([there[0], there[4], new]), "what is new or changed comes at the end"


@case(158)
async def test_the_cursor_outlives_the_lead_that_it_points_to(reader: Caller, clock: ManualClock) -> None:
    there = await people(reader, clock, 4, seconds=1)
    first = await page(reader, limit=2)
    await create(reader, contact_email="p1@example.com")  # The last one of the page moves to the end.
    rest = await page(reader, limit=100, cursor=first["next_cursor"])
    assert [lead["id"] for lead in rest["leads"]] == [there[2], there[3], there[1]]


@case(159)
@pytest.mark.parametrize("parameter", ["created_since", "updated_since"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-07-01T00:00:00", id="no-zone"),
        pytest.param("2026-07-01", id="date-only"),
        pytest.param("yesterday", id="words"),
        pytest.param("", id="empty"),
        pytest.param("1780000000", id="number"),
        pytest.param("2026-02-30T00:00:00Z", id="no-such-day"),
        pytest.param("2026-13-01T00:00:00Z", id="no-such-month"),
        pytest.param("2026-07-01T24:00:00Z", id="no-such-hour"),
        pytest.param("2026-07-01T00:00:60Z", id="leap-second"),
        pytest.param("2026-07-01 00:00:00Z", id="space-for-T"),
        pytest.param("2026-07-01T00:00:00+0200", id="zone-without-colon"),
        pytest.param("9999-12-31T23:59:59-01:00", id="beyond-the-calendar"),
    ],
)
async def test_what_is_no_moment_is_refused(mega: Caller, parameter: str, text: str) -> None:
    assert parameter in refused(await mega("GET", "/leads", params={parameter: text}), 400)


@case(159)
async def test_a_plus_sign_that_was_not_encoded_is_refused(mega: Caller) -> None:
    refused(await mega("GET", "/leads?created_since=2026-07-01T00:00:00+02:00"), 400)
    assert (await mega("GET", "/leads?created_since=2026-07-01T00:00:00%2B02:00")).status_code == 200


@case(159)
@pytest.mark.parametrize("parameter", ["created_since", "updated_since"])
async def test_a_moment_includes_itself_and_the_future_is_empty(
    reader: Caller, clock: ManualClock, parameter: str
) -> None:
    clock.advance(1 - clock.now() % 1)
    started = clock.now()
    ids = await people(reader, clock, 3, seconds=0.5)

    async def since(moment: str) -> list[str]:
        return [lead["id"] for lead in (await page(reader, **{parameter: moment}))["leads"]]

    assert await since("2999-12-31T23:59:59Z") == []
    assert await since("1000-01-01T00:00:00Z") == ids
    assert await since(iso_ms(started)) == ids
    assert await since(iso_ms(started + 0.5)) == ids[1:]
    assert await since(iso_ms(started + 0.5).replace("Z", "1Z")) == ids[2:], "a tenth of a millisecond later"
    assert await since(iso_ms(started + 0.5 + 7200).replace("Z", "+02:00")) == ids[1:]
    assert await since(iso_ms(started + 0.5 - 5400).replace("Z", "-01:30").replace("T", "t")) == ids[1:]


@case(159)
async def test_created_since_and_updated_since_look_at_different_times(reader: Caller, clock: ManualClock) -> None:
    old, other = await people(reader, clock, 2, seconds=10)
    moment = iso_ms(clock.now())
    await create(reader, contact_email="p0@example.com")
    assert await listed(reader, created_since=moment) == []
    assert [lead["id"] for lead in await listed(reader, updated_since=moment)] == [old]
    assert {lead["id"] for lead in await listed(reader)} == {old, other}


@case(160)
@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param("(206)555", ["dots", "plus"], id="digits-match"),
        pytest.param("206-555-0123", ["plus"], id="dashes"),
        pytest.param("+1 (206) 555 0123", ["plus"], id="as-another-writes-it"),
        pytest.param("555.0199", ["dots"], id="part-of-a-number"),
        pytest.param("+1.206", ["plus"], id="country-code"),
        pytest.param("+1 (206) 555-0199", ["dots"], id="country-code-that-the-lead-lacks"),
        pytest.param("12065550199", ["dots"], id="country-code-without-plus"),
        pytest.param("(206) 555-0123", ["plus"], id="country-code-that-the-search-lacks"),
        pytest.param("\u0968\u0966\u096c 555 0123", ["plus"], id="devanagari"),
        pytest.param("206-556", [], id="other-digits"),
        pytest.param("Ann 206", [], id="no-phone"),
        pytest.param("%", ["percent"], id="percent-is-literal"),
        pytest.param("_", ["under"], id="underscore-is-literal"),
        pytest.param("'", ["quote"], id="quote-is-literal"),
        pytest.param("\\", ["backslash"], id="backslash-is-literal"),
        pytest.param("*", [], id="no-asterisk"),
        pytest.param("O'BRI", ["quote"], id="letter-case"),
        pytest.param(" o'brien ", ["quote"], id="trimmed"),
        pytest.param("UNDER_SCORE@", ["under"], id="email"),
        pytest.param("zo\u00eb", ["dots"], id="beyond-ascii"),
        pytest.param("ZO\u00cb", ["dots"], id="beyond-ascii-capitals"),
        pytest.param("nobody", [], id="nothing"),
        pytest.param("", ["backslash", "dots", "percent", "plus", "quote", "under"], id="empty-filters-nothing"),
    ],
)
async def test_a_search_finds_texts_literally_and_phones_by_their_digits(
    mega: Caller, search: str, found: list[str]
) -> None:
    leads = {
        "plus": {"contact_phone": "+12065550123", "contact_name": "Ann"},
        "dots": {"contact_phone": "206.555.0199", "contact_name": "Zo\u00eb"},
        "percent": {"contact_name": "100% Homes"},
        "under": {"contact_email": "under_score@example.com"},
        "quote": {"contact_name": "O'Brien"},
        "backslash": {"contact_name": "C:\\Homes"},
    }
    names = {(await create(mega, **body))["id"]: name for name, body in leads.items()}
    assert sorted(names[lead["id"]] for lead in await listed(mega, search=search)) == found


@case(161)
async def test_an_unknown_parameter_is_ignored(mega: Caller) -> None:
    await create(mega, contact_name="A")
    plain = await page(mega)
    assert await page(mega, made_up="x", Limit="0", owner="nobody") == plain
    assert (await mega("GET", "/leads?made_up=1&made_up=2&=&&")).json() == plain


@case(162)
@pytest.mark.parametrize(
    ("query", "shown"),
    [({}, False), ({"include_custom_fields": "false"}, False), ({"include_custom_fields": "true"}, True)],
)
async def test_custom_fields_are_listed_only_when_asked_for(
    mega: Caller, query: dict[str, str], *, shown: bool
) -> None:
    created = await create(mega, contact_name="A", custom_fields={"budget": 5})
    await create(mega, contact_name="B")
    assert created["custom_fields"] == {"budget": 5}
    leads = {lead["contact_name"]: lead for lead in (await page(mega, **query))["leads"]}
    assert [leads[name].get("custom_fields", "absent") for name in "AB"] == (
        [{"budget": 5}, {}] if shown else ["absent"] * 2
    )
    assert {**leads["A"], "custom_fields": {"budget": 5}} == created


@case(162)
@pytest.mark.parametrize("text", ["yes", "1", "True", ""])
async def test_include_custom_fields_is_true_or_false(mega: Caller, text: str) -> None:
    refused(await mega("GET", "/leads", params={"include_custom_fields": text}), 400)


@case(157)
async def test_the_last_interaction_sorts_those_without_one_last(
    reader: Caller, mock: Mock, clock: ManualClock
) -> None:
    ids = await people(reader, clock, 3, seconds=1)
    async with mock.store.transaction(reader.credential.tenant.key) as tx:
        for lead_id, moment in ((ids[2], "2026-01-01T00:00:00.000Z"), (ids[1], "2026-02-01T00:00:00.000Z")):
            record = await tx.get("lead", lead_id)
            assert record is not None
            await tx.put(Record("lead", lead_id, {**record.data, "last_interaction_at": moment}, record.keys))
    for direction, expected in (("asc", [ids[2], ids[1], ids[0]]), ("desc", [ids[1], ids[2], ids[0]])):
        body = await page(reader, sort_by="last_interaction_at", sort_dir=direction)
        assert [lead["id"] for lead in body["leads"]] == expected
