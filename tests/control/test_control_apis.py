"""What is served, and records found by any text in them."""

from __future__ import annotations

from mockserver.client import Access, ControlClient


def test_the_apis_are_listed_with_the_names_that_other_calls_take(control: ControlClient) -> None:
    apis = {each["name"]: each for each in control.call("GET", "/apis")["apis"]}
    assert list(apis) == ["salesiq", "mega", "convertiq", "crmleadpro"]
    mega = apis["mega"]
    assert (mega["title"], mega["base_path"], mega["tenant_noun"]) == ("MEGA", "/api/agents/crm", "customer")
    assert {"id": "createLead", "method": "POST", "path": "/leads", "summary": "Create a lead"} in mega["operations"]
    assert {"lead", "webhook"} <= set(mega["kinds"])
    assert mega["events"] == []
    assert "deal.won" in apis["crmleadpro"]["events"]
    assert "starter" in apis["salesiq"]["plans"]


def test_records_are_found_by_any_text_in_them_in_capitals_or_not(control: ControlClient, fresh: Access) -> None:
    rows = [{"contact_name": "Zoë Ünal", "contact_email": "zoe@example.com"}]
    control.seed("mega", fresh.tenant.id, rows)
    path = f"/tenants/mega/{fresh.tenant.id}/records"

    def found(text: str) -> int:
        return int(control.call("GET", path, params={"text": text})["total"])

    assert [found(text) for text in ("ZOË ÜNAL", "zoe@", "nobody", fresh.credential.secret)] == [1, 1, 0, 0]
