"""What an API's client sends stays text on the dashboard, and the page itself may do little."""

from __future__ import annotations

import httpx
from playwright.sync_api import expect

from mockserver.client import Access, ControlClient
from tests.dashboard.visiting import PARTS, Visit, push
from tests.edge_cases.live import Live

SCRIPT = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


def test_script_in_a_name_a_path_a_header_and_an_address_stays_text(
    visit: Visit, control: ControlClient, http: httpx.Client
) -> None:
    access = control.create_tenant("mega", name=f"tenant {SCRIPT}")
    push(http, access, {"contact_name": SCRIPT, "contact_email": "x@example.com"}, **{"X-Trace": SCRIPT})
    http.get(f"{access.base_url}/{SCRIPT}", headers=access.headers)
    address = f"http://127.0.0.1:65535/hook?{SCRIPT.replace(' ', '%20')}"
    hook = {"url": address, "event_types": ["lead.created"]}
    http.post(f"{access.base_url}/lead-webhooks", json=hook, headers=access.headers)
    page = visit.open("requests", access)
    visit.show_only(access)
    created = visit.rows.filter(has_text="201").last
    expect(visit.rows.filter(has_text="onerror").first).to_be_visible()
    created.click()
    expect(visit.exchange.get_by_role("region", name="Request body")).to_contain_text("<script>document.title")
    expect(visit.exchange.get_by_role("table", name="Request headers")).to_contain_text("<script>document.title")
    page.goto(f"{visit.origin}/_mock/#/records")
    expect(page.get_by_role("list", name="Records")).to_contain_text("<script>document.title")
    for part in PARTS[1:]:
        page.goto(f"{visit.origin}/_mock/#/{part}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("main img, main script, script:not([src]), [onerror]").count() == 0
    assert page.title().endswith("· leadmock")


def test_the_policy_forbids_every_script_but_the_page_s_own(visit: Visit, server: Live, http: httpx.Client) -> None:
    visit.expected.append("")  # The browser complains of what is refused here, in words of its own.
    headers = http.get(f"{server.origin}/_mock/").headers
    assert "'unsafe-" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    page = visit.open()
    ran = page.evaluate(
        """() => {
          const script = document.createElement("script");
          try { script.text = "window.ran = true"; } catch { return "refused"; }
          document.body.append(script);
          return window.ran === true ? "ran" : "refused";
        }"""
    )
    assert ran == "refused"
    markup = "() => { try { document.body.innerHTML = '<b>x</b>'; return 'set'; } catch { return 'refused'; } }"
    assert page.evaluate(markup) == "refused"


def test_the_files_are_served_as_what_they_are_and_nothing_else_is(server: Live, http: httpx.Client) -> None:
    types = {
        "/_mock/": "text/html; charset=utf-8",
        "/_mock/dashboard/main.js": "text/javascript; charset=utf-8",
        "/_mock/dashboard/theme.css": "text/css; charset=utf-8",
        "/_mock/dashboard/icon.svg": "image/svg+xml",
    }
    for path, wanted in types.items():
        answer = http.get(server.origin + path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, wanted)
        assert answer.headers["x-content-type-options"] == "nosniff"
    for path in ("__init__.py", "..%2F__init__.py", "../__init__.py", "nothing.js", ""):
        assert http.get(f"{server.origin}/_mock/dashboard/{path}").status_code == 404
    assert http.get(f"{server.origin}/_mock").headers["location"] == "/_mock/"


def test_the_page_of_another_site_cannot_frame_it_or_read_through_it(visit: Visit, server: Live) -> None:
    page = visit.page
    visit.expected.append("")  # The browser complains of what is refused here, in words of its own.
    page.goto(f"{server.origin}/")
    page.evaluate("() => { const f = document.createElement('iframe'); f.src = '/_mock/'; document.body.append(f); }")
    page.wait_for_load_state("networkidle")
    assert page.frame_locator("iframe").locator("#places").count() == 0


def test_the_start_page_and_the_command_lead_to_it(visit: Visit, server: Live, mega: Access) -> None:
    assert mega.base_url.startswith(server.origin)
    page = visit.page
    page.goto(server.origin)
    page.get_by_role("link", name="Dashboard").click()
    expect(page.locator("#link")).to_have_text("Live")
