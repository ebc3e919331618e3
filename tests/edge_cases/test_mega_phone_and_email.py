"""MEGA: which spellings of a phone or an email are one person, which are two, and which are refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.caller import Caller
from tests.edge_cases.mega_world import create, import_one, listed, refused, told, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

NAMES_ALL_THREE = re.compile("[Aa]t least one of contact_name, contact_phone,( or)? contact_email is required")

ONE_PHONE = [
    pytest.param("(206) 555-0123", "+1 206-555-0123", marks=case(1), id="case-1-punctuation"),
    pytest.param("206.555.0123", "206/555 0123", marks=case(1), id="case-1-dots-and-slashes"),
    pytest.param("+12065550123", "12065550123", marks=case(2), id="case-2-plus"),
    pytest.param("+91 2065550123", "+1 2065550123", marks=case(3), id="case-3-two-countries"),
    pytest.param("2065550123", "12065550123", marks=case(5), id="case-5-ten-and-eleven-digits"),
    pytest.param("2065550123", "123452065550123", marks=case(5), id="case-5-fifteen-digits"),
    pytest.param("2065550123", "1234562065550123", marks=case(5), id="case-5-sixteen-digits"),
    pytest.param("2065550123", "9" * 54 + "2065550123", marks=case(5), id="case-5-sixty-four-digits"),
    pytest.param("(206) 555-0123 x45", "(206) 555-0123", marks=case(6), id="case-6-extension-stripped"),
    pytest.param("206-555-0123x4567", "206-555-0123 X 12", marks=case(6), id="case-6-two-extensions"),
    pytest.param("(206) 555-0123 ext. 45", "(206) 555-0123", marks=case(6), id="case-6-ext"),
    pytest.param("206 555 0123 Extension 1", "(206) 555-0123", marks=case(6), id="case-6-extension-in-words"),
    pytest.param("206 555 0123 #45", "(206) 555-0123", marks=case(6), id="case-6-hash"),
    pytest.param("tel:+1-206-555-0123;ext=45", "(206) 555-0123", marks=case(7), id="case-7-tel-uri"),
    pytest.param("९८७६५४३२१०", "9876543210", marks=case(8), id="case-8-devanagari"),
    pytest.param("٩٨٧٦٥٤٣٢١٠", "+91 98765-43210", marks=case(8), id="case-8-arabic-indic"),
    pytest.param("９８７６５４３２１０", "9876543210", marks=case(10), id="case-10-full-width"),  # noqa: RUF001  # the point
    pytest.param("(206) 555-0123²", "(206) 555-0123", marks=case(11), id="case-11-superscript-ignored"),
    pytest.param("0000000000", "+1 000-000-0000", marks=case(13), id="case-13-all-zeros"),
]

TWO_PHONES = [
    pytest.param("555-0123", "555-0123", marks=case(4), id="case-4-seven-digits"),
    pytest.param("206555012", "206555012", marks=case(4), id="case-4-nine-digits"),
    pytest.param("(206) 555-0123 x45", "655-501-2345", marks=case(6), id="case-6-extension-is-no-part-of-the-key"),
    pytest.param("206555012²", "206555012²", marks=case(11), id="case-11-superscript-is-no-tenth-digit"),
    pytest.param("206555012²", "2065550122", marks=case(11), id="case-11-superscript-is-no-two"),
]

ONE_EMAIL = [
    pytest.param("Sam@Example.com", "sam@example.com", marks=case(24), id="case-24-letter-case"),
    pytest.param("SAM@EXAMPLE.COM", "sAm@eXample.com", marks=case(24), id="case-24-all-capitals"),
    pytest.param(" sam@example.com ", "sam@example.com", marks=case(25), id="case-25-spaces"),
    pytest.param("\u00a0sam@example.com\u00a0", "sam@example.com", marks=case(25), id="case-25-no-break-space"),
    pytest.param("\tsam@example.com", "sam@example.com\r\n", marks=case(25), id="case-25-tab-and-line-break"),
    pytest.param("ren\u00e9@example.com", "rene\u0301@example.com", marks=case(29), id="case-29-composed"),
    pytest.param("REN\u00c9@example.com", "rene\u0301@example.com", marks=case(29), id="case-29-composed-capital"),
    pytest.param("\u0130rem@example.com", "\u0130rem@example.com", marks=case(30), id="case-30-dotted-capital-i"),
    pytest.param("\u0130rem@example.com", "i\u0307rem@example.com", marks=case(30), id="case-30-its-small-letter"),
]

TWO_EMAILS = [
    pytest.param("sam+ads@x.com", "sam@x.com", marks=case(26), id="case-26-plus-tag"),
    pytest.param("s.am@gmail.com", "sam@gmail.com", marks=case(27), id="case-27-dot"),
    pytest.param("sam@b\u00fccher.example", "sam@xn--bcher-kva.example", marks=case(28), id="case-28-punycode"),
    pytest.param("stra\u00dfe@x.com", "strasse@x.com", marks=case(30), id="case-30-lower-not-casefold"),
]

NO_EMAILS = [
    pytest.param("not-an-email", id="no-at"),
    pytest.param("a@", id="no-domain"),
    pytest.param("@b", id="no-local-part"),
    pytest.param("a b@c", id="space-inside"),
    pytest.param("a@b c", id="space-in-domain"),
    pytest.param("a@b@c.com", id="two-ats"),
    pytest.param("a..b@c.com", id="two-dots"),
    pytest.param("a@c..com", id="two-dots-in-domain"),
    pytest.param("a@.com", id="dot-first"),
    pytest.param(" not-an-email ", marks=case(25), id="case-25-checked-after-the-trim"),
    pytest.param("a" * 249 + "@x.com", id="255-characters"),
]

BLANKS = [
    pytest.param("", id="empty"),
    pytest.param(None, id="null"),
    pytest.param(" ", id="space"),
    pytest.param("\t\r\n", id="tab-and-line-break"),
    pytest.param("\u00a0", id="no-break-space"),
]


@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
@pytest.mark.parametrize(("one", "other"), ONE_PHONE)
async def test_two_spellings_of_one_phone_are_one_lead(mega: Caller, one: str, other: str, *, turned: bool) -> None:
    first, second = (other, one) if turned else (one, other)
    lead = await create(mega, contact_phone=first, contact_name="First")
    merged = await create(mega, contact_phone=second)
    assert (merged["id"], merged["contact_name"]) == (lead["id"], "First")
    assert merged["contact_phone"] == second, "a phone is echoed as it was submitted (M59)"
    result = await import_one(mega, {"contact_phone": first})
    assert (*told(result), result["lead_id"]) == ("updated", "phone", lead["id"])
    assert await total(mega) == 1


@pytest.mark.parametrize(("one", "other"), TWO_PHONES)
async def test_phones_without_a_common_key_are_two_leads(mega: Caller, one: str, other: str) -> None:
    first = await create(mega, contact_phone=one)
    result = await import_one(mega, {"contact_phone": other})
    assert told(result) == ("created", None)
    assert {lead["id"] for lead in await listed(mega)} == {first["id"], result["lead_id"]}
    assert await total(mega) == 2


@case(12)
@pytest.mark.parametrize("phone", ["n/a", "----", "²"])
async def test_a_phone_without_a_digit_is_no_contact_on_its_own(mega: Caller, phone: str) -> None:
    refused(await mega("POST", "/leads", json={"contact_phone": phone}), 400)
    result = await import_one(mega, {"contact_phone": phone})
    assert told(result) == ("failed", None)
    assert await total(mega) == 0


@case(12)
@pytest.mark.parametrize("phone", ["n/a", "----"])
async def test_a_phone_without_a_digit_is_kept_beside_another_contact_and_matches_nothing(
    mega: Caller, phone: str
) -> None:
    one = await create(mega, contact_phone=phone, contact_email="one@example.com")
    two = await create(mega, contact_phone=phone, contact_name="Two")
    assert one["contact_phone"] == two["contact_phone"] == phone
    assert one["id"] != two["id"]


@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
@pytest.mark.parametrize(("one", "other"), ONE_EMAIL)
async def test_two_spellings_of_one_email_are_one_lead(mega: Caller, one: str, other: str, *, turned: bool) -> None:
    first, second = (other, one) if turned else (one, other)
    lead = await create(mega, contact_email=first, contact_name="First")
    merged = await create(mega, contact_email=second)
    assert (merged["id"], merged["contact_name"]) == (lead["id"], "First")
    assert merged["contact_email"] == second.strip()
    result = await import_one(mega, {"contact_email": first})
    assert (*told(result), result["lead_id"]) == ("updated", "email", lead["id"])
    assert await total(mega) == 1


@pytest.mark.parametrize(("one", "other"), TWO_EMAILS)
async def test_emails_that_only_look_alike_are_two_leads(mega: Caller, one: str, other: str) -> None:
    first = await create(mega, contact_email=one)
    result = await import_one(mega, {"contact_email": other})
    assert told(result) == ("created", None)
    assert result["lead_id"] != first["id"]
    assert await total(mega) == 2


@case(31)
@pytest.mark.parametrize("email", NO_EMAILS)
async def test_what_is_no_email_is_refused_and_in_bulk_fails_its_row(mega: Caller, email: str) -> None:
    message = refused(await mega("POST", "/leads", json={"contact_name": "A", "contact_email": email}), 400)
    assert "contact_email" in message
    rows = [{"contact_name": "A", "contact_email": email}, {"contact_name": "B"}]
    response = await mega("POST", "/leads/bulk", json={"leads": rows})
    bad, good = response.json()["results"]
    assert told(bad) == ("failed", None)
    assert "contact_email" in "; ".join(bad["errors"])
    assert told(good) == ("created", None)
    assert await total(mega) == 1


@case(31)
async def test_the_longest_email_is_accepted(mega: Caller) -> None:
    longest = "a" * 248 + "@x.com"
    assert len(longest) == 254
    assert (await create(mega, contact_email=longest))["contact_email"] == longest


@case(32)
@pytest.mark.parametrize("blank", BLANKS)
async def test_a_blank_email_is_absent_and_never_a_key(mega: Caller, blank: str | None) -> None:
    one = await create(mega, contact_phone="206-555-0101", contact_email=blank)
    two = await create(mega, contact_phone="206-555-0102", contact_email=blank)
    assert one["contact_email"] is None
    assert one["id"] != two["id"]
    result = await import_one(mega, {"contact_phone": "206-555-0103", "contact_email": blank})
    assert told(result) == ("created", None)


@case(33)
@pytest.mark.parametrize("blank", BLANKS)
async def test_three_blank_contact_fields_are_none(mega: Caller, blank: str | None) -> None:
    body = dict.fromkeys(("contact_name", "contact_phone", "contact_email"), blank)
    refused(await mega("POST", "/leads", json=body), 400)
    assert told(await import_one(mega, body)) == ("failed", None)
    assert await total(mega) == 0


@case(33)
@pytest.mark.parametrize("body", [{}, {"source_type": "form"}, {"contact_name": None, "contact_email": ""}])
async def test_without_any_contact_field_the_message_names_all_three(mega: Caller, body: dict[str, Any]) -> None:
    assert NAMES_ALL_THREE.fullmatch(refused(await mega("POST", "/leads", json=body), 400))
    result = await import_one(mega, body)
    assert told(result) == ("failed", None)
    (error,) = result["errors"]
    assert NAMES_ALL_THREE.fullmatch(error)
    assert await total(mega) == 0


@case(34)
@pytest.mark.parametrize("absent", [{}, {"contact_email": None}], ids=["absent", "null"])
async def test_leads_without_an_email_do_not_match_each_other(mega: Caller, absent: dict[str, None]) -> None:
    ids = {(await create(mega, contact_phone=f"206-555-010{number}", **absent))["id"] for number in range(3)}
    assert len(ids) == 3


@case(34)
async def test_leads_without_a_phone_do_not_match_each_other(mega: Caller) -> None:
    ids = {(await create(mega, contact_email=f"{name}@example.com"))["id"] for name in ("ann", "bob", "cleo")}
    assert len(ids) == 3
