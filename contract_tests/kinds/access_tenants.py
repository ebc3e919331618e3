"""Access: what a key may do, and that nobody reaches what belongs to another tenant."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.contract import Contract, Operation

from ..caller import NOTHING
from ..models.mega_webhooks import everyone
from ..rule import Kind, NotChecked, assumed, by_api, named, only, where
from .access import changed, in_scheme, sends
from .envelope import has_envelope, refused
from .untouched import call, odd_currency, tidied, trial

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("access")
_OF_TENANT = by_api(
    salesiq=named("workspace"), mega=named("customer"), convertiq=named("account"), crmleadpro=named("workspace-keys")
)
_HIDDEN = by_api(
    mega=assumed("P36", "What belongs to another customer answers as what never was: 404."),
    crmleadpro=assumed("P36", "What belongs to another workspace answers as what never was: 404."),
)
_ORDER = assumed("X1", "Refusals have one order: path, method, credential, scope, size, media type, JSON, content.")


def _names_tenant(contract: Contract, operation: Operation) -> bool:
    return contract.tenancy.header is not None and not operation.public


def _with_id(_contract: Contract, operation: Operation) -> bool:
    return "{" in operation.path


def _other_credential(lab: Lab, operation: Operation) -> Caller:
    return lab.other_tenant(*operation.scopes)


def _ways(operation: Operation, parts: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The call, and its dry run where there is one: a preview tells what is there, so nobody else may have it."""
    yield "", parts
    if operation.batch and operation.batch.dry_run:
        yield " in a dry run", {**parts, "body": {**parts["body"], operation.batch.dry_run.lstrip("/"): True}}


# The header that names the tenant.


def _as_tenant(lab: Lab, operation: Operation, parts: Mapping[str, Any], *tenants: str, secret: str = "") -> Answer:
    """The main key, or another one, with these values of the tenant's header."""
    header = lab.contract.tenancy.header or ""
    scheme = next(iter(lab.contract.security.values()))
    pairs = [(scheme.header, in_scheme(lab, secret or lab.credential.secret))]
    return sends(lab, operation, parts, [*pairs, *((header, tenant) for tenant in tenants)])


@kind.promise(
    "tenant-missing",
    "{method} {path} without the header that names the customer is refused with 401.",
    on=_names_tenant,
    source=named("page-authentication"),
)
def tenant_missing(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    refused(lab, _as_tenant(lab, operation, tried.parts), 401, f"no {lab.contract.tenancy.header}")
    tried.untouched()


@kind.promise(
    "tenant-foreign",
    "{method} {path} with a key that is locked to another customer is refused with 403.",
    on=_names_tenant,
    source=named("page-authentication"),
)
def tenant_foreign(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    mine = lab.credential.tenant
    for what, tenant in _foreign(mine):
        for how, parts in _ways(operation, tried.parts):
            refused(lab, _as_tenant(lab, operation, parts, tenant), 403, f"{what}{how}")
    tried.untouched()
    other = _other_credential(lab, operation)
    if other.credential is None:
        return
    theirs = other.credential.tenant
    answer = _as_tenant(lab, operation, tried.parts, theirs)
    refused(lab, answer, 403, "the id of a customer that there is")
    reverse = _as_tenant(lab, operation, tried.parts, mine, secret=other.credential.secret)
    refused(lab, reverse, 403, "another customer's key with this customer's id")
    again = trial(lab, operation)
    _as_tenant(lab, operation, again.parts, theirs)
    _as_tenant(lab, operation, again.parts, mine, secret=other.credential.secret)
    if "path" not in again.parts:
        again.untouched(other)
    again.untouched()


def _foreign(mine: str) -> Iterator[tuple[str, str]]:
    yield "the id of a customer that there is not", str(uuid.uuid4())
    for at in (0, 10, len(mine) // 2, len(mine) - 1):
        if mine[at : at + 1].isalnum():
            yield (
                f"the customer's id with another character {at + 1}",
                f"{mine[:at]}{changed(mine[at])}{mine[at + 1 :]}",
            )


@kind.promise(
    "tenant-form",
    "{method} {path} compares the customer's id as a UUID, and wants it once.",
    on=_names_tenant,
    source=named("M9"),
)
def tenant_form(lab: Lab, operation: Operation) -> None:
    mine = lab.credential.tenant
    for spelled in {mine.upper(), mine.lower()} - {mine}:
        parts = call(lab, operation)
        answer = _as_tenant(lab, operation, parts, spelled)
        lab.expect(answer.ok, "a 2xx for the customer's id in the other letter case", answer)
    tried = trial(lab, operation)
    header = lab.contract.tenancy.header
    refused(lab, _as_tenant(lab, operation, tried.parts, ""), 401, f"an empty {header}")
    in_query = {**tried.parts, "query": {**tried.parts.get("query", {}), str(header): mine, "customer_id": mine}}
    refused(lab, _as_tenant(lab, operation, in_query), 401, f"{header} in the query string")
    for tenant in ("not-a-uuid", mine[:-1], f"{mine}0", mine.replace("-", ""), f"{{{mine}}}", f"urn:uuid:{mine}", "*"):
        refused(lab, _as_tenant(lab, operation, tried.parts, tenant), 403, f"the {header} {tenant[:9]}…")
    for twice in ((mine, mine), (mine, str(uuid.uuid4())), (str(uuid.uuid4()), mine)):
        refused(lab, _as_tenant(lab, operation, tried.parts, *twice), 400, f"two {header} headers")
    tried.untouched()


# Scopes.


@kind.promise(
    "scope",
    "{method} {path} is refused with 403 where the key lacks the scope, and then writes nothing.",
    on=where(lambda operation: operation.scopes),
    source=named("page-authentication"),
)
def scope(lab: Lab, operation: Operation) -> None:
    lab.without(operation.scopes[0])
    tried = trial(lab, operation)
    for credential in lab.target.credentials:
        if credential.tenant == lab.credential.tenant and not credential.may(operation.scopes):
            for how, parts in _ways(operation, tried.parts):
                answer = lab.caller(credential)(operation.id, **parts)
                refused(lab, answer, 403, f"a key with {', '.join(sorted(credential.scopes or ()))} only{how}")
    tried.untouched()


@kind.promise(
    "scope-suffices",
    "{method} {path} needs no scope beyond its own.",
    on=where(lambda operation: operation.scopes),
    source=named("page-authentication"),
)
def scope_suffices(lab: Lab, operation: Operation) -> None:
    needed = frozenset(operation.scopes)
    fitting = [one for one in lab.target.credentials if one.tenant == lab.credential.tenant and one.scopes == needed]
    if not fitting:
        raise NotChecked(f"needs a credential with {', '.join(operation.scopes)} and no other scope")
    parts = call(lab, operation)
    answer = lab.caller(fitting[0])(operation.id, **parts)
    lab.expect(answer.ok, f"a 2xx with {', '.join(operation.scopes)} alone", answer)


@kind.promise(
    "scope-replay",
    "A key without the scope is refused also where it repeats an idempotency key that was used.",
    on=where(lambda operation: operation.idempotency and operation.scopes),
    source=assumed("X1", "Who may not do it is told so before any stored answer is looked for."),
)
def scope_replay(lab: Lab, operation: Operation) -> None:
    lacking = lab.without(operation.scopes[0])
    assert operation.idempotency is not None
    headers = {operation.idempotency.header: lab.fresh.token()}
    parts = call(lab, operation)
    first = lab.main(operation.id, **parts, headers=headers)
    lab.expect(first.ok, "a 2xx for the first request", first)
    answer = lacking(operation.id, **parts, headers=headers)
    refused(lab, answer, 403, "the repeat with a key that lacks the scope")
    stranger = lab.nobody()(operation.id, **parts, headers=headers)
    refused(lab, stranger, lab.contract.errors.statuses["credential-missing"], "the repeat without a credential")


# Whose records they are.


@kind.promise(
    "isolation",
    "{method} {path} does nothing with the id of another tenant's record.",
    on=_with_id,
    source=_OF_TENANT,
)
def isolation(lab: Lab, operation: Operation) -> None:
    other = _other_credential(lab, operation)
    for body in (None, *_FURTHER.get(operation.id, ())):
        tried = trial(lab, operation)
        parts = tried.parts if body is None else {**tried.parts, "body": body}
        own = () if lab.strict else _texts_of(lab, parts["path"]["id"])
        answer = other(operation.id, **parts)
        # To delete what is not there may be called done, if that is all; and where each tenant's records are counted
        # up, the other tenant has one with this id too.
        elsewhere = not lab.strict and answer.ok and not any(text.encode() in answer.body for text in own)
        lab.expect(elsewhere or 400 <= answer.status < 500, "a refusal for the id of another tenant's record", answer)
        tried.untouched()


def _texts_of(lab: Lab, record_id: str) -> tuple[str, ...]:
    """What no other record has in common with the one of this id, which is a webhook or a lead."""
    if lab.contract.name == "mega":
        return tuple(str(one["url"]) for one in everyone(lab) if one.get("id") == record_id)
    lead = lab.main("getLead", path={"id": record_id})
    return tuple(filter(None, (lead.at("/email", None), lead.at("/name", None))))


#: More ways to change a record, for one may be guarded and another not.
_FURTHER: Mapping[str, tuple[dict[str, Any], ...]] = {
    "updateLead": ({}, {"name": "Changed"}, {"tags": ["changed"]}, {"pipeline_stage": "contacted"}, {"email": None}),
    "updateLeadWebhook": (
        {},
        {"rotate_secret": True},
        {"is_active": False},
        {"url": "https://hooks.example.com/changed"},
        {"timeout_seconds": 7},
    ),
}


@kind.promise(
    "isolation-hidden",
    "{method} {path} answers the id of another tenant's record as one that never was.",
    on=_with_id,
    source=_HIDDEN,
)
def isolation_hidden(lab: Lab, operation: Operation) -> None:
    other = _other_credential(lab, operation)
    parts = call(lab, operation)
    real = parts["path"]["id"]
    foreign = other(operation.id, **parts)
    refused(lab, foreign, 404, "the id of another tenant's record")
    prefix, at, _ = real.partition("_")
    invented = f"{prefix}{at}{''.join(changed(character) for character in real[len(prefix) + 1 :])}"
    unknown = other(operation.id, **{**parts, "path": {"id": invented}})
    refused(lab, unknown, 404, "the id of no record")
    told, expected = (
        answer.body.decode().replace(name, "ID") for answer, name in ((foreign, real), (unknown, invented))
    )
    lab.expect(told == expected, f"the same words as for an unknown id, {expected}", told)


@kind.promise(
    "isolation-list",
    "{method} {path} never shows what belongs to another tenant.",
    on=only("mega/listLeads", "mega/listLeadWebhooks", "crmleadpro/listLeads", "crmleadpro/listContacts"),
    source=_OF_TENANT,
)
def isolation_list(lab: Lab, operation: Operation) -> None:
    other = _other_credential(lab, operation)
    for owner, stranger in ((lab.main, other), (other, lab.main)):
        word = _leaves(lab, owner)
        for query in _queries(lab, word):
            answer = stranger(operation.id, query=query)
            # An answer may well repeat the query, but not in what it lists.
            seen = answer.body.decode() if lab.strict else json.dumps(_listed(answer))
            lab.expect(word not in seen, f"nothing of {word}, another tenant's, with {query}", answer)


def _listed(answer: Answer) -> list[Any]:
    """All that stands in lists of a successful answer."""
    if not answer.ok:
        return []
    found = answer.json
    values = found.values() if isinstance(found, dict) else (found,)
    return [value for value in values if isinstance(value, list)]


@kind.promise(
    "isolation-count",
    "{method} {path} does not count what belongs to another tenant.",
    on=only("mega/listLeads", "crmleadpro/listLeads", "crmleadpro/listContacts", "crmleadpro/getPipelineAnalytics"),
    source=assumed("P36", "Totals are of the tenant's own records."),
)
def isolation_count(lab: Lab, operation: Operation) -> None:
    other = _other_credential(lab, operation)
    if operation.id == "getPipelineAnalytics":
        currency = odd_currency(lab)
        deal = {**lab.world.call("createDeal", lab, lab.main)["body"], "currency": currency}
        lab.expect(lab.main("createDeal", body=deal).ok, "a 2xx for a deal", "a refusal")
        answer = other(operation.id)
        lab.expect(answer.at(f"/volume/value/{currency}", 0) == 0, f"no deal in {currency}, another tenant's", answer)
        return
    word = _leaves(lab, lab.main)
    pointer = "/total" if lab.contract.name == "mega" else "/pagination/total"
    mine, theirs = (caller(operation.id, query={"search": word}) for caller in (lab.main, other))
    lab.expect(mine.at(pointer) == 1, f"one with {word} for its owner", mine)
    lab.expect(theirs.at(pointer) == 0, f"none with {word} for another tenant", theirs)


def _leaves(lab: Lab, owner: Caller) -> str:
    """A word that is in a new lead, and in a new webhook where webhooks are listed, of this owner."""
    word = lab.fresh.token()
    lead = {
        **lab.world.lead(lab.fresh),
        "email" if lab.contract.name == "crmleadpro" else "contact_email": f"{word}@example.com",
    }
    if lab.contract.name == "crmleadpro":
        lead |= {"company": f"Company {word}", "tags": ["shared-tag"]}
    answer = owner(lab.world.create, body=lab.world.body(lead))
    lab.expect(answer.ok, "a 2xx for a new lead", answer)
    if lab.contract.name == "mega":
        body = {**lab.world.call("createLeadWebhook", lab, owner)["body"], "description": f"note {word}"}
        registered = owner("createLeadWebhook", body=body)
        lab.expect(registered.ok, "a 2xx for a new webhook", registered)
    return word


def _queries(lab: Lab, word: str) -> list[dict[str, str]]:
    """Ways to list that should show the newest, or what has the word."""
    by_word: list[dict[str, str]] = [{}, {"search": word}]
    if lab.contract.name == "mega":
        newest = {"sort_by": "created_at", "sort_dir": "desc", "limit": "100"}
        since = {"created_since": "2020-01-01T00:00:00Z", **newest}
        more = [newest, since, {"status": "active", **newest}, {"search": word, "include_custom_fields": "true"}]
        return [*by_word, *more, {"search": f"{word}@example.com", "sort_by": "last_interaction_at"}]
    newest = {"sort": "-created_at", "per_page": "100"}
    more = [newest, {"status": "new", **newest}, {"tag": "shared-tag", **newest}, {"company": f"Company {word}"}]
    return [*by_word, *more, {"archived": "true", "search": word}, {"source": "website_form", **newest}]


@kind.promise(
    "isolation-reference",
    "{method} {path} takes no lead of another workspace.",
    on=only("crmleadpro/createDeal", "crmleadpro/createEmailCampaign", "crmleadpro/createWhatsappCampaign"),
    source=assumed("P36", "A lead of another workspace counts as unknown."),
)
def isolation_reference(lab: Lab, operation: Operation) -> None:
    other = _other_credential(lab, operation)
    lead = lab.world.call("getLead", lab, lab.main)["path"]["id"]
    if operation.id == "createDeal":
        body = {**call(lab, operation, other)["body"], "lead_id": lead}
        refused(lab, other(operation.id, body=body), 404, "a deal with another workspace's lead")
        return
    body = {**call(lab, operation, other)["body"], "audience": {"lead_ids": [lead]}}
    answer = other(operation.id, body=body)
    lab.expect(answer.at("/recipients") == 0, "no recipients among another workspace's leads", answer)


# What is told first.


@kind.promise(
    "order",
    "{method} {path} tells a wrong credential before anything else that is wrong.",
    on=where(lambda operation: not operation.public),
    source=_ORDER,
)
def order(lab: Lab, operation: Operation) -> None:
    statuses = lab.contract.errors.statuses
    parts = call(lab, operation)
    for reason, pairs in (("credential-missing", ()), ("credential-invalid", _invalid(lab))):
        for what, changes, headers in _also_wrong(operation):
            answer = sends(lab, operation, {**parts, **changes}, [*pairs, *headers])
            refused(lab, answer, statuses[reason], f"{reason.replace('-', ' ')} and {what}")
    missing = sends(lab, operation, {**parts, "method": "PUT"}, ())
    refused(lab, missing, statuses["method-not-allowed"], "a wrong method without a credential")


def _invalid(lab: Lab) -> tuple[tuple[str, str], ...]:
    scheme = next(iter(lab.contract.security.values()))
    return ((scheme.header, in_scheme(lab, "invalid")),)


def _also_wrong(operation: Operation) -> Iterator[tuple[str, dict[str, Any], list[tuple[str, str]]]]:
    """What else may be wrong with a call: its name, the parts that change, and the headers."""
    if operation.body_schema is not None:
        yield "malformed JSON", _raw(b"{"), []
        yield "an invalid body", {"body": {}}, []
        yield "a wrong media type", _raw(b"{}"), [("Content-Type", "text/plain")]
        yield "too large a body", _raw(b" " * (operation.max_bytes + 1)), []
    if "{" in operation.path:
        yield "an unknown id", {"path": {"id": "unknown"}}, []
    if any(parameter.location == "query" for parameter in operation.parameters):
        yield "a wrong query", {"query": {"limit": "x", "page": "x", "pipeline": "x"}}, []
    if operation.idempotency is not None:
        yield "a wrong idempotency key", {}, [(operation.idempotency.header, "é" * 300)]


def _raw(content: bytes) -> dict[str, Any]:
    return {"content": content, "body": NOTHING}


@kind.promise(
    "order-scope",
    "{method} {path} tells a key of another customer, or without the scope, before what is wrong with the rest.",
    on=where(lambda operation: operation.scopes),
    source=_ORDER,
)
def order_scope(lab: Lab, operation: Operation) -> None:
    lacking = lab.without(operation.scopes[0])
    parts = call(lab, operation)
    for what, changes, headers in _also_wrong(operation):
        answer = lacking(operation.id, **{**parts, **changes}, headers=headers)
        refused(lab, answer, 403, f"no scope and {what}")
        foreign = lab.main(
            operation.id,
            **{**parts, **changes},
            headers=[*headers, (str(lab.contract.tenancy.header), str(uuid.uuid4()))],
        )
        has_envelope(lab, foreign, what)
        lab.expect(foreign.status == 403, f"403 for another customer and {what}", foreign)


tidied(kind)
