"""What a visitor of the dashboard does, and what an API's client does meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from mockserver.client import Access

PARTS = ("requests", "records", "limits", "webhooks", "faults", "clock", "tenants", "state")


@dataclass(slots=True)
class Visit:
    """One page. `expected`: parts of console messages that the browser itself writes, and that are no fault."""

    page: Page
    origin: str
    expected: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def open(self, part: str = "requests", access: Access | None = None) -> Page:
        """Open a part of the page, looking at this tenant, and wait until it is connected."""
        if access is not None:
            chosen = json.dumps([access.tenant.api, access.tenant.id])
            self.page.add_init_script(f"sessionStorage.setItem('leadmock-tenant', {json.dumps(chosen)})")
        self.page.goto(f"{self.origin}/_mock/#/{part}")
        expect(self.page.locator("#link")).to_have_attribute("data-state", "live")
        return self.page

    @property
    def rows(self) -> Locator:
        """The requests in the list that are drawn."""
        return self.list.get_by_role("option")

    @property
    def list(self) -> Locator:
        return self.page.get_by_role("listbox", name="Requests, the newest first")

    @property
    def exchange(self) -> Locator:
        return self.page.get_by_role("complementary", name="Exchange")

    def show_only(self, access: Access) -> None:
        """Leave out what other tests have sent."""
        chosen = f"{access.tenant.api}/{access.tenant.id}"
        self.page.get_by_role("combobox", name="Tenant").select_option(chosen)

    def clipboard(self) -> str:
        return str(self.page.evaluate("navigator.clipboard.readText()"))


def push(http: httpx.Client, access: Access, body: Any = None, **headers: str) -> httpx.Response:
    """Create a lead at MEGA."""
    body = {"contact_name": "Sam Rivera", "contact_email": "sam@example.com"} if body is None else body
    return http.post(f"{access.base_url}/leads", json=body, headers={**access.headers, **headers})
