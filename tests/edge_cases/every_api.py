"""What the four APIs have in common: each creates a lead, and each refuses in an envelope of its own."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from mockserver.engine.call import Credential
from tests.caller import Caller
from tests.edge_cases.live import Answer, leads_of

APIS = ("salesiq", "mega", "convertiq", "crmleadpro")


@dataclass(frozen=True, slots=True)
class Creation:
    """How an API creates a lead: `inner` is the member that holds the lead's own fields, "" for the body itself.

    `invalid` is the status of a body that is JSON but breaks the contract.
    """

    path: str
    body: Mapping[str, Any]
    inner: str = ""
    name: str = "name"
    invalid: int = 400

    def lead(self, **members: Any) -> dict[str, Any]:
        """A valid body with other or more members in its lead."""
        body: dict[str, Any] = copy.deepcopy(dict(self.body))
        (body[self.inner] if self.inner else body).update(members)
        return body

    def with_text(self, text: str) -> bytes:
        """A valid body with `text` as the value of a member that the contract ignores, first in the lead."""
        whole = json.dumps(self.body)
        lead = json.dumps(self.body[self.inner]) if self.inner else whole
        return whole.replace(lead, '{"ignored": ' + text + ", " + lead[1:]).encode("utf-8", "surrogatepass")


CREATIONS: Mapping[str, Creation] = {
    "salesiq": Creation("/leads/capture", {"name": "Amit Kumar", "phone": "9876543210"}),
    "mega": Creation("/leads", {"contact_name": "Sam Seller", "contact_phone": "2065550123"}, name="contact_name"),
    "convertiq": Creation(
        "/leads/create",
        {"lead": {"name": "Jane Doe", "email": "jane@example.com", "source": "API", "industry": "Technology"}},
        inner="lead",
    ),
    "crmleadpro": Creation("/leads", {"name": "Rajesh Kumar", "email": "rajesh@startup.in"}, invalid=422),
}


class LeadApi:
    """One API with a fresh tenant, and the way to create a lead there."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.name = caller.api
        self.creation = CREATIONS[caller.api]

    @property
    def credential(self) -> Credential:
        return self.caller.credential

    async def create(self, **options: Any) -> httpx.Response:
        """POST a lead; JSON unless the headers say otherwise."""
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        if "content" not in options:
            options["content"] = json.dumps(self.creation.body)
        return await self.caller("POST", self.creation.path, headers=headers, **options)

    async def leads(self) -> int:
        """How many leads the tenant has."""
        return await leads_of(self.caller.mock, self.credential)


def refused(api: str, response: httpx.Response | Answer, status: int) -> str:
    """The message of a refusal with this status, which has come in the API's own envelope and nothing else."""
    code = response.status if isinstance(response, Answer) else response.status_code
    body = response.body if isinstance(response, Answer) else response.content
    assert code == status, body
    assert response.headers["x-content-type-options"] == "nosniff"
    told = json.loads(body)
    message = _told(api, told, status)
    expected = "application/problem+json" if api == "crmleadpro" else "application/json"
    assert response.headers["content-type"] == expected
    assert message
    return message


def _told(api: str, told: dict[str, Any], status: int) -> str:
    if api == "mega":
        assert told.keys() == {"error"}
        assert told["error"].keys() == {"type", "code", "message"}
        assert told["error"]["code"] == status
        return str(told["error"]["message"])
    if api == "crmleadpro":
        assert told.keys() - {"errors"} == {"type", "title", "status", "detail"}
        assert (told["type"], told["status"]) == ("about:blank", status)
        return str(told["detail"])
    assert told.keys() == {"success", "error"}
    assert told["success"] is False
    return str(told["error"])
