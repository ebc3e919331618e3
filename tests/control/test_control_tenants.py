"""Tenants and what they hold, through the control plane of a live server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.client import Access, ControlClient, ControlError
from tests.edge_cases.live import Live

APIS = ("salesiq", "mega", "convertiq", "crmleadpro")


def push(access: Access, body: object = None, **headers: str) -> httpx.Response:
    body = {"contact_name": "Sam", "contact_email": "sam@example.com"} if body is None else body
    return httpx.post(f"{access.base_url}/leads", json=body, headers={**access.headers, **headers})


@pytest.mark.parametrize("api", APIS)
def test_a_fresh_tenant_of_every_api_is_empty_and_its_key_works(control: ControlClient, api: str) -> None:
    access = control.create_tenant(api, name="mine")
    assert control.records(api, access.tenant.id) == []
    contract_paths = {
        "salesiq": "/leads/capture",
        "mega": "/leads",
        "convertiq": "/leads/create",
        "crmleadpro": "/leads",
    }
    answer = httpx.post(access.base_url + contract_paths[api], json={}, headers=access.headers)
    assert answer.status_code in {400, 422}  # Past authentication: only the body is wrong.
    assert control.tenant(api, access.tenant.id) == access.tenant
    assert access.tenant in control.tenants(api)
    assert access.credential.secret not in str(control.tenants(api))


def test_a_tenant_can_be_limited_narrowed_and_freed(control: ControlClient) -> None:
    limited = control.create_tenant("mega", limits={"default": [{"limit": 1, "seconds": 60}]})
    assert [push(limited).status_code for _ in range(2)] == [201, 429]
    narrow = control.create_credential("mega", limited.tenant.id, scopes=["public_api:leads:read"])
    assert push(narrow).status_code == 403
    starter = control.create_tenant("salesiq", plan="starter", unmetered=True)
    assert (starter.tenant.plan, starter.tenant.unmetered) == ("starter", True)
    assert control.limits("salesiq", starter.tenant.id)["windows"] == []


def test_a_revoked_key_and_a_deleted_tenant_are_refused(control: ControlClient, fresh: Access) -> None:
    other = control.create_credential("mega", fresh.tenant.id)
    control.revoke_credential("mega", fresh.tenant.id, fresh.credential.id)
    assert [push(each).status_code for each in (fresh, other)] == [401, 201]
    control.delete_tenant("mega", fresh.tenant.id)
    assert push(other).status_code == 401
    with pytest.raises(ControlError, match="has no customer") as refusal:
        control.tenant("mega", fresh.tenant.id)
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"plan": "huge"}, "plan: is no plan of mega"),
        ({"scopes": ["public_api:leads:raed"]}, "did you mean 'public_api:leads:read'"),
        ({"limits": {"bluk": [{"limit": 1, "seconds": 1}]}}, "did you mean 'bulk'"),
        ({"id": "no-uuid"}, "id: "),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_a_tenant_that_could_not_be_is_refused_with_the_way_out(
    control: ControlClient, options: dict[str, object], told: str
) -> None:
    with pytest.raises(ControlError) as refusal:
        control.create_tenant("mega", **options)
    assert refusal.value.status == 400
    assert told in str(refusal.value)


def test_the_same_id_or_secret_twice_is_a_conflict(control: ControlClient) -> None:
    access = control.create_tenant("convertiq")
    for options in ({"id": access.tenant.id}, {"secret": access.credential.secret}):
        with pytest.raises(ControlError, match="already") as refusal:
            control.create_tenant("convertiq", **options)
        assert refusal.value.status == 409


def test_records_are_listed_and_shown_with_their_keys_and_without_secrets(
    control: ControlClient, fresh: Access
) -> None:
    lead_id = push(fresh).json()["lead"]["id"]
    (record,) = control.records("mega", fresh.tenant.id)
    assert (record.id, record.keys, record.data["contact_name"]) == (lead_id, {"email": "sam@example.com"}, "Sam")
    assert control.record("mega", fresh.tenant.id, "lead", lead_id) == record
    hook = {"url": "http://127.0.0.1:9999/hook", "event_types": ["lead.created"]}
    secret = httpx.post(f"{fresh.base_url}/lead-webhooks", json=hook, headers=fresh.headers).json()["secret"]
    (webhook,) = control.records("mega", fresh.tenant.id, kind="webhook")
    assert webhook.data["secret"] == f"…{secret[-4:]}"
    with pytest.raises(ControlError, match="has no lead 'nobody'"):
        control.record("mega", fresh.tenant.id, "lead", "nobody")


def test_idempotency_keys_are_listed_with_their_age(control: ControlClient, fresh: Access) -> None:
    push(fresh, **{"Idempotency-Key": "first"})
    control.advance(hours=1)
    push(fresh, **{"Idempotency-Key": "second"})
    keys = control.idempotency_keys("mega", fresh.tenant.id)
    assert [(each["operation"], each["key"], each["status"]) for each in keys] == [
        ("createLead", "second", 201),
        ("createLead", "first", 201),
    ]
    assert 3600 <= keys[1]["age_seconds"] < 3700
    control.advance(hours=23.5)
    assert [each["key"] for each in control.idempotency_keys("mega", fresh.tenant.id)] == ["second"]
    control.reset_clock()


def test_limits_say_what_is_left_and_looking_does_not_count(control: ControlClient) -> None:
    access = control.create_tenant("salesiq", plan="starter")
    lead = {"name": "Sam", "phone": "9876543210"}
    httpx.post(f"{access.base_url}/leads/capture", json=lead, headers=access.headers)
    for _ in range(2):
        limits = control.limits("salesiq", access.tenant.id)
        (window,) = limits["windows"]
        assert (window["limit"], window["used"], window["remaining"]) == (30, 1, 29)
        assert 0 < window["resets_in_seconds"] <= 60
        assert limits["quotas"] == [{"kind": "lead", "limit": 500, "used": 1, "remaining": 499}]


ROWS = [
    {"contact_name": "Sam", "contact_email": "sam@example.com"},
    {"contact_name": "Samuel", "contact_email": "SAM@example.com"},
    {"contact_email": 5},
]
CSV = "contact_name,contact_email,custom_fields.budget\nSam,sam@example.com,\nSamuel,SAM@example.com,500\n,5,\n"
YAML = """
- {contact_name: Sam, contact_email: sam@example.com}
- {contact_name: Samuel, contact_email: SAM@example.com}
- contact_email: 5
"""


@pytest.mark.parametrize(("name", "content"), [("r.json", json.dumps(ROWS)), ("r.csv", CSV), ("r.yaml", YAML)])
def test_seeded_rows_are_checked_and_deduplicated_as_the_api_does(
    control: ControlClient, fresh: Access, tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    report = control.seed("mega", fresh.tenant.id, tmp_path / name)
    assert (report.operation, report.accepted, report.refused) == ("createLead", 2, 1)
    assert [row["status"] for row in report.rows] == [201, 201, 400]
    assert "merged into lead" in report.rows[1]["outcome"]
    assert report.rows[2]["errors"][0].startswith("contact_email: ")
    assert len(control.records("mega", fresh.tenant.id)) == 1


def test_a_csv_gives_numbers_where_the_contract_wants_them_and_wraps_what_it_wraps(control: ControlClient) -> None:
    salesiq, convertiq = control.create_tenant("salesiq"), control.create_tenant("convertiq")
    assert _seed_csv(salesiq, "name,phone,budgetMin\nSam,9876543210,5\n")["accepted"] == 1
    csv = "name,email,source,industry,score\nSam,sam@example.com,web,retail,7\n"
    assert _seed_csv(convertiq, csv)["accepted"] == 1
    (lead,) = control.records("salesiq", salesiq.tenant.id)
    assert lead.data["budgetMin"] == 5


def _seed_csv(access: Access, text: str) -> dict[str, Any]:
    origin = access.base_url.split("/api")[0]
    url = f"{origin}/_mock/tenants/{access.tenant.api}/{access.tenant.id}/seed"
    answer = httpx.post(url, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize(
    ("media_type", "content", "told"),
    [
        ("text/csv", "", "is empty"),
        ("text/csv", "a,a\n1,2\n", "twice"),
        ("text/csv", "a,a.b\n1,2\n", "both as a value and as an object"),
        ("text/csv", "a,b\n1\n", "row 1 has 1 cells, and the first line 2"),
        ("text/csv", 'a\n"x', "not CSV"),
        ("text/csv", b"a\n\xff", "not UTF-8"),
        ("text/csv", "a\n1\nx\0y\n", "NUL character in line 3"),
        ("text/csv", ",".join(f"c{n}" for n in range(20_000)) + "\n", "20000 columns, and at most 1000"),
        ("text/csv", f"custom_fields.{'.'.join('a' * 60_000)}\n1\n", "too long a name for a column"),
        ("application/json", "{", "not valid JSON"),
        ("application/json", '{"a": 1}', "must be an array"),
        ("application/yaml", "a: b: c", "not YAML"),
        ("application/yaml", "- &a [x]\n- *a", "aliases are not accepted"),
        ("application/yaml", "[" * 200_000, "nested more than 64 levels deep"),
        ("application/yaml", "- " * 200_000, "nested more than 64 levels deep"),
        ("application/yaml", "- {}\n" * 200_000, "more than 250000 parts"),
        ("application/yaml", "- {contact_name: A, contact_name: B}", "'contact_name' is given twice"),
        ("application/yaml", "- {custom_fields: {a: .nan}}", ".nan is no number of JSON"),
        ("application/yaml", "- {custom_fields: {a: -.inf}}", "-.inf is no number of JSON"),
        ("application/yaml", "- !!python/object:os.system {}", "not YAML"),
        ("application/yaml", "- ? [a]\n  : b", "not YAML of plain values"),
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(
    server: Live, fresh: Access, media_type: str, content: str | bytes, told: str
) -> None:
    url = f"{server.origin}/_mock/tenants/mega/{fresh.tenant.id}/seed"
    answer = httpx.post(url, content=content, headers={"Content-Type": media_type})
    assert answer.status_code == 400
    assert told in answer.json()["detail"]


def test_a_column_that_the_contract_does_not_know_is_told(fresh: Access) -> None:
    """It may be a spelling mistake, and the lead would lack what it holds."""
    (row,) = _seed_csv(fresh, "contact_name,contact_emial\nSam,sam@example.com\n")["rows"]
    assert row["outcome"].endswith("; ignored contact_emial")


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1_000", "\uff11\uff12", "0x10", "9" * 400])
def test_what_json_has_no_number_for_is_refused_as_the_text_that_it_is(control: ControlClient, text: str) -> None:
    csv = f"name,email,source,industry,score\nSam,sam@example.com,web,retail,{text}\n"
    (row,) = _seed_csv(control.create_tenant("convertiq"), csv)["rows"]
    assert "score: must be a number, not '" in row["errors"][0]


def test_only_operations_that_create_can_seed(control: ControlClient, fresh: Access) -> None:
    with pytest.raises(ControlError, match="did you mean 'createLead'"):
        control.seed("mega", fresh.tenant.id, [], operation="createLed")


@pytest.mark.parametrize("name", [".", "..", ""])
def test_a_name_that_would_lead_elsewhere_in_an_address_is_refused(server: Live, name: str) -> None:
    """DELETE /_mock/tenants/../requests is DELETE /_mock/requests for whoever sends or hands it on."""
    assert httpx.post(f"{server.origin}/_mock/tenants", json={"api": "salesiq", "id": name}).status_code == 400
    with ControlClient(server.origin) as client:
        for call in (client.take_snapshot, client.remove_fault, client.request):
            with pytest.raises(ControlError, match="is the name of nothing"):
                call(name)
        with pytest.raises(ControlError, match="is the name of nothing"):
            client.delete_tenant(name, "requests")
