"""pytest inside pytest: the plugin as somebody has it who has installed leadmock, in projects of several kinds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CODE = '''
import httpx

def sync_lead(lead, mega):
    """Somebody's own code: three tries, always with the same key."""
    with httpx.Client(headers={**mega.headers, "Idempotency-Key": lead["email"]}) as client:
        for _ in range(3):
            answer = client.post("https://app.gomega.ai/api/agents/crm/leads", json={"contact_email": lead["email"]})
            if answer.status_code < 500:
                return answer.json()["lead"]["id"]
'''
TESTS = (
    CODE
    + """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_retry_is_safe(leadmock, number):
    leadmock.mega.fail_next(status=503)
    sync_lead({"email": "sam@example.com"}, leadmock.mega)
    assert [lead.contact_email for lead in leadmock.mega.leads] == ["sam@example.com"]
    assert leadmock.mega.requests[-1].headers["Idempotency-Key"]

@pytest.mark.parametrize("number", range(4))
def test_live(leadmock_server, number):
    mega = leadmock_server.mega
    assert httpx.post(mega.url + "/leads", headers=mega.headers, json={"contact_name": "Sam"}).status_code == 201
    assert len(mega.leads) == 1
"""
)


# What is installed here for other tests, and takes seconds to load.
UNUSED = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest")


def run(pytester: pytest.Pytester, *options: str, **outcomes: int) -> pytest.RunResult:
    """Pytest in a process of its own, where every warning is an error."""
    result = pytester.runpytest_subprocess(*UNUSED, "-W", "error", *options)
    result.assert_outcomes(**outcomes)
    return result


def test_the_fixtures_are_there_once_it_is_installed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    run(pytester, "-p", "no:asyncio", passed=8)


def test_workers_of_xdist_have_each_their_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    run(pytester, "-p", "no:asyncio", "-n", "2", passed=8)


ASYNC = """
import httpx, pytest

async def create(api):
    async with httpx.AsyncClient(headers=api.headers) as client:
        return await client.post(api.url + "/leads", json={"contact_name": "Sam"})

%s
@pytest.mark.parametrize("number", range(2))
async def test_in_process(leadmock, number):
    leadmock.router.post("https://hooks.example.com/").respond(204)
    leadmock.mega.given_webhook("https://hooks.example.com/")
    assert (await create(leadmock.mega)).status_code == 201
    assert [lead.contact_name for lead in leadmock.mega.leads] == ["Sam"]

%s
async def test_live(leadmock_server):
    assert (await create(leadmock_server.mega)).status_code == 201
    assert [lead.contact_name for lead in leadmock_server.mega.leads] == ["Sam"]
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_tests_of_pytest_asyncio(pytester: pytest.Pytester, mode: str) -> None:
    mark = "@pytest.mark.asyncio" if mode == "strict" else ""
    pytester.makepyfile(ASYNC % (mark, mark))
    pytester.makeini(f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function")
    run(pytester, passed=3)


def test_tests_of_anyio(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(ASYNC % ("@pytest.mark.anyio", "@pytest.mark.anyio"))
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n")
    run(pytester, "-p", "no:asyncio", passed=3)


def test_a_session_that_does_not_use_it_does_not_pay_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert "mockserver.pytest_plugin" in sys.modules
            loaded = [name for name in sys.modules if name.split(".")[0] in {"connexion", "respx", "uvicorn"}]
            assert loaded in ([], [name for name in loaded if name.startswith("respx")])
            assert "mockserver.app" not in sys.modules
        """
    )
    run(pytester, "-p", "no:asyncio", passed=1)


def test_a_failed_expectation_is_told_without_the_insides_of_leadmock(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        CODE
        + """
def test_once(leadmock):
    sync_lead({"email": "sam@example.com"}, leadmock.mega)
    leadmock.mega.expect_create(contact_email="olga@example.com")

def test_leads(leadmock):
    leadmock.convertiq.given_lead(name="Jane")
    assert leadmock.convertiq.leads == []
"""
    )
    result = run(pytester, "-p", "no:asyncio", failed=2)
    result.stdout.fnmatch_lines(
        [
            "E * AssertionError: expected 1 create with contact_email 'olga@example.com', saw 0",
            "E * the requests were:",
            'E * POST /api/agents/crm/leads {"contact_email":"sam@example.com"} -> 201, created lead *',
            "E * Left contains one more item: Lead(id=*, name='Jane', *)",
        ]
    )
    result.stdout.no_fnmatch_line("*expectations.py*")


SENT = """
import httpx, pytest

def send(mock, method="GET", path="/leads", **options):
    return httpx.request(method, mock.mega.url + path, headers=mock.mega.headers, **options)

@pytest.fixture
def crm(leadmock):
    send(leadmock, path="/leads?limit=7&api_key=hush-hush-hush&q=mega_0123456789abcdef")
    return leadmock

def test_indirectly(crm):
    crm.mega.fail_next(after_processing=True)
    with pytest.raises(httpx.RemoteProtocolError):
        send(crm, "POST", json={"contact_name": "Sam"})
    send(crm, path="/nothing-%1b[31m")
    send(crm, "POST", content=b"{")
    raise ValueError

def test_many(leadmock):
    for number in range(25):
        send(leadmock, path=f"/leads?limit={number + 1}")
    raise ValueError

def test_none(leadmock):
    raise ValueError

def test_live(leadmock_server):
    send(leadmock_server)
    raise ValueError

def test_passes(leadmock):
    send(leadmock, path="/leads?limit=99")

@pytest.fixture
def broken(leadmock):
    send(leadmock, path="/leads?limit=44")
    raise ValueError

def test_setup(broken):
    pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_report_of_a_failed_test_has_the_requests(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """The question is whether the client sent anything, and what became of it. Secrets stay out of logs of a CI."""
    pytester.makepyfile(SENT)
    result = run(pytester, "-p", "no:asyncio", "--tb=short", *workers, passed=1, failed=4, errors=1)
    text = result.stdout.str()
    assert text.count("- leadmock requests -") == 5
    wanted = [
        r"GET /api/agents/crm/leads\?limit=7&api_key=…hush&q=…cdef -> 200, listed 0 of 0 leads",
        r"POST /api/agents/crm/leads -> no answer, created lead .*",
        r"GET /api/agents/crm/nothing-\\x1b\[31m -> 404, refused: .*",
        r"POST /api/agents/crm/leads -> 415, refused: .*",
    ]
    assert re.search("\n".join(wanted), text), text
    assert "(5 earlier requests, not shown)\nGET /api/agents/crm/leads?limit=6 ->" in text
    assert text.count("?limit=") == 22  # Of 25 requests 20 are shown, and one in each of two other tests.
    assert "The mock got no request in this test." in text
    assert "GET /api/agents/crm/leads -> 200, listed 0 of 0 leads" in text
    assert "GET /api/agents/crm/leads?limit=44 -> 200" in text
    for hidden in ("hush-hush", "0123456789abcdef", "limit=99", "\x1b[31m"):
        assert hidden not in text


def test_the_requests_are_left_out_with_all_else_that_was_captured(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SENT)
    result = run(pytester, "-p", "no:asyncio", "--show-capture=no", "-k", "none", failed=1)
    result.stdout.no_fnmatch_line("*leadmock requests*")


MISTAKES = """
def test_field(leadmock):
    leadmock.mega.given_lead(contact_emial="x")

def test_kind(leadmock):
    leadmock.mega.given("led")

def test_value(leadmock):
    leadmock.mega.given_lead(source_type="pigeon")

def test_live(leadmock_server):
    leadmock_server.mega.given_lead(source_type="pigeon")

def test_fault(leadmock):
    leadmock.mega.fail_next(status=20)

def test_plan(leadmock):
    leadmock.mega.use_plan("x")

def test_clock(leadmock):
    leadmock.clock.advance(hours=-1)

def test_member(leadmock):
    leadmock.mega.given_lead().nope

def test_webhook(leadmock):
    leadmock.mega.given_webhook("https://hooks.example.com/x", "lead.created")
    httpx.post(leadmock.mega.url + "/leads", headers=leadmock.mega.headers, json={"contact_name": "Sam"})
    leadmock.deliver_webhooks()
"""


def test_a_mistake_in_a_test_is_shown_where_the_test_makes_it(pytester: pytest.Pytester) -> None:
    """One frame for each: that of the test. With all of them, those of leadmock too."""
    path = pytester.makepyfile(f"import httpx\n{MISTAKES}")
    result = run(pytester, "-p", "no:asyncio", "--tb=short", "--no-header", failed=9)
    frames = [line for line in result.outlines if re.search(r"\.py:\d+: in ", line)]
    assert [frame.partition(":")[0] for frame in frames] == [path.name] * 9
    result.stdout.fnmatch_lines(["E * TypeError: a lead of MEGA has no 'contact_emial'; did you mean *"])
    whole = run(pytester, "-p", "no:asyncio", "--full-trace", "-k", "field", failed=1)
    whole.stdout.fnmatch_lines(["*seeding.py:*"])


def test_without_respx_it_is_told_what_to_install(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(leadmock):\n    pass\n")
    pytester.makeconftest("import sys\nsys.modules['respx'] = None\n")
    result = pytester.runpytest_subprocess(*UNUSED, "-p", "no:respx", "-p", "no:asyncio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*respx is missing; install it with: pip install 'leadmock[[]pytest[]]'*"])


def test_the_fixtures_are_listed_with_what_they_are(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess(*UNUSED, "--fixtures", "-p", "no:asyncio")
    result.stdout.fnmatch_lines(
        [
            "leadmock -- *",
            "    The four CRM APIs in this process: *",
            "leadmock_server -- *",
            "    The four CRM APIs on a live server, *",
        ]
    )


TYPED = """
from __future__ import annotations

from datetime import UTC, datetime

import httpx
import respx

from mockserver.testing import Api, Delivery, Leadmock, LeadmockServer, Record, Request


def push(api: Api, email: str) -> str:
    answer = httpx.post(api.url + "/leads", headers=api.headers, json={"contact_email": email})
    return str(answer.json()["lead"]["id"])


def test_typed(leadmock: Leadmock, respx_mock: respx.MockRouter) -> None:
    respx_mock.post("https://hooks.example.com/").respond(204)
    webhook: Record = leadmock.mega.given_webhook("https://hooks.example.com/", "lead.created")
    leadmock.mega.fail_next(status=503, times=1, operation="listLeads")
    at: datetime = leadmock.clock.freeze(datetime(2026, 7, 2, tzinfo=UTC))
    push(leadmock.mega, "sam@example.com")
    emails: list[str] = [lead.contact_email for lead in leadmock.mega.leads]
    requests: list[Request] = leadmock.mega.requests
    deliveries: list[Delivery] = leadmock.deliver_webhooks()
    assert emails and requests[-1].headers["Host"] and deliveries[0].status == 204 and at and webhook.secret
    leadmock.mega.expect_create(times=1, contact_email="sam@example.com")


def test_live(leadmock_server: LeadmockServer) -> None:
    assert push(leadmock_server.mega, "sam@example.com") == leadmock_server.mega.leads[0].id
"""


def test_a_typed_test_passes_strict_mypy_and_runs(pytester: pytest.Pytester) -> None:
    path: Path = pytester.makepyfile(TYPED)
    cache = Path(__file__).parents[2] / ".mypy_cache" / "plugin"
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), path.name]
    done = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    run(pytester, "-p", "no:asyncio", passed=2)
