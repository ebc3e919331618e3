"""Access: whose credential is refused, with which answer, and that a refusal leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..rule import Broken, Kind, assumed, by_api, named, own, where
from ..target import Credential
from ..trace import Secrets
from .envelope import has_envelope, refused, share
from .untouched import call, tidied, trial

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("access")
Pairs = Sequence[tuple[str, str]]

guarded = where(lambda operation: not operation.public)
KEY_NEEDED = by_api(
    salesiq=named("missing-key"),
    mega=named("page-authentication"),
    convertiq=named("api-key"),
    crmleadpro=named("api-key"),
)
KEY_WRONG = by_api(
    salesiq=named("invalid-key"),
    mega=named("page-authentication"),
    convertiq=named("api-key"),
    crmleadpro=named("api-key"),
)
KEY_FORM = by_api(
    salesiq=assumed("Q9", "A key is one opaque text, taken exactly as it is, from its header only."),
    mega=assumed("M12", "A token has its one form; the scheme is Bearer, in any letter case."),
    convertiq=assumed("C15", "A key is one opaque text, taken exactly as it is, from its header only."),
    crmleadpro=assumed("P37", "A key has its one form; the scheme is Bearer, in any letter case."),
)
_CHALLENGE = by_api(
    salesiq=named("Q9"),
    mega=assumed("M12", "A 401 says how to authenticate (RFC 9110, section 15.5.2)."),
    convertiq=named("C15"),
    crmleadpro=named("P37"),
)
_NEIGHBOURS = ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


# Characters of a text that may be a part of a secret worth hiding.
_NEAR = 8
#: The vendors that say with which status they refuse a credential.
_TELL_STATUS = frozenset(("salesiq", "mega"))


def status_for(lab: Lab, reason: str) -> frozenset[int]:
    """The statuses that a refusal of a credential may have: that of the vendor, where it names one."""
    if lab.contract.name in _TELL_STATUS:
        return frozenset((lab.contract.errors.statuses[reason],))
    # What is no credential at all may be called a bad request or a missing field too, and the place be hidden.
    return frozenset((401, 403)) if lab.strict else frozenset((400, 401, 403, 404, 422))


# What is sent instead of a credential.


def changed(character: str) -> str:
    """Another character of the same kind."""
    for row in _NEIGHBOURS:
        if character in row:
            return row[(row.index(character) + 1) % len(row)]
    return "x" if character != "x" else "y"


def split(secret: str) -> tuple[str, str]:
    """The prefix that all keys of the vendor share, and the rest."""
    prefix = re.match(r"[A-Za-z]+_(?:(?:live|test)_)?", secret)
    at = prefix.end() if prefix and prefix.end() < len(secret) else 0
    return secret[:at], secret[at:]


def _with_one_changed(secret: str, at: int) -> str:
    return f"{secret[:at]}{changed(secret[at])}{secret[at + 1 :]}"


def wrong_secrets(secret: str) -> Iterator[tuple[str, str]]:
    """Keys that are not this one, each with what is wrong with it."""
    prefix, rest = split(secret)
    yield "an unknown key", prefix + "".join(changed(character) for character in rest)
    yield "a key with another last character", _with_one_changed(secret, len(secret) - 1)
    yield "a key without its last character", secret[:-1]
    yield "a key with a character too many", f"{secret}0"
    yield "a key with another first character", _with_one_changed(secret, len(prefix))
    for at in range(len(prefix) + 4, len(secret) - 1, 6):
        yield f"a key with another character {at + 1}", _with_one_changed(secret, at)
    yield "a key's first 16 characters", secret[:16]
    yield "half a key", secret[: len(secret) // 2]
    yield "a key without its first character", secret[1:]
    yield "a key's end without its prefix", rest
    yield "a key's prefix alone", prefix or secret[:2]
    yield "a key twice", secret * 2
    yield "a key with a space inside", f"{secret[: len(secret) // 2]} {secret[len(secret) // 2 :]}"
    yield "a text that is no key", "invalid"


def odd_secrets(secret: str) -> Iterator[tuple[str, str]]:
    """Texts that a lenient reader might take for this key."""
    prefix, rest = split(secret)
    for name, other in (
        ("a key in capitals", secret.upper()),
        ("a key with its letters in the other case", prefix + rest.swapcase()),
        (
            "a key with one letter in the other case",
            prefix + re.sub(r"[A-Za-z]", lambda m: m[0].swapcase(), rest, count=1),
        ),
        ("a key with its prefix in capitals", prefix.upper() + rest),
    ):
        if other != secret:
            yield name, other
    yield "a key in double quotes", f'"{secret}"'
    yield "a key and a comma", f"{secret},"
    yield "a key with a semicolon and more", f"{secret};x"
    yield "a key with % at its end", f"{secret}%"
    yield "a wildcard", "*"
    yield "the word null", "null"
    yield "the word undefined", "undefined"
    yield "the word true", "true"
    yield "a key with a letter beyond ASCII", f"{secret[:-1]}é"
    yield "an SQL condition", "' OR '1'='1"
    yield "a very long key", secret + "0" * 6000


def sent_as(lab: Lab, value: str) -> list[tuple[str, str]]:
    """The headers of the main credential, but with this as the whole value of its header."""
    scheme = next(iter(lab.contract.security.values()))
    pairs = [(scheme.header, value)]
    if lab.contract.tenancy.header is not None:
        pairs.append((lab.contract.tenancy.header, lab.credential.tenant))
    return pairs


def in_scheme(lab: Lab, secret: str) -> str:
    """The value of the header for a secret."""
    scheme = next(iter(lab.contract.security.values()))
    return f"Bearer {secret}" if scheme.kind == "bearer" else secret


@contextmanager
def concealed(lab: Lab, variants: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Keeps what is nearly a secret out of the report, as secrets themselves are."""
    try:
        yield
    except Broken:
        # Words such as true are no secrets, and stand in answers.
        near = [Credential(name, value) for name, value in variants if len(value) >= _NEAR]
        lab.secrets = Secrets([*near, *lab.target.credentials])
        raise


def sends(lab: Lab, operation: Operation, parts: Mapping[str, object], pairs: Pairs) -> Answer:
    """The call with these headers and no other credential."""
    return lab.nobody()(operation.id, **parts, headers=pairs)


# Missing and wrong credentials.


@kind.promise(
    "accepted",
    "{method} {path} accepts every key that permits it.",
    on=guarded,
    source=by_api(
        salesiq=named("api-key"), mega=named("token"), convertiq=named("api-key"), crmleadpro=named("api-key")
    ),
)
def accepted(lab: Lab, operation: Operation) -> None:
    # Some bodies are only our idea of a small valid one, so nothing else is asked of the answer.
    refusals = {401} if _may_lack_it(lab) else {401, 403}
    for credential, answer in _with_every_key(lab, operation):
        lab.expect(answer.status not in refusals, f"the key {credential.name} to be accepted", answer)


def _may_lack_it(lab: Lab) -> bool:
    """Whether the key's plan may have less than all: what each includes is told by none of these vendors."""
    return not lab.strict and bool(lab.contract.plans) and lab.contract.name not in _TELL_STATUS


@kind.promise(
    "works",
    "{method} {path} works with every key that permits it.",
    on=guarded,
    source=assumed("X1", "Keys differ in nothing but their tenant, their scopes and their limits."),
)
def works(lab: Lab, operation: Operation) -> None:
    for credential, answer in _with_every_key(lab, operation):
        lab.expect(answer.ok, f"a 2xx for a valid call with the key {credential.name}", answer)


def _with_every_key(lab: Lab, operation: Operation) -> Iterator[tuple[Credential, Answer]]:
    for credential in lab.target.credentials:
        if credential.limits or not credential.may(operation.scopes):
            continue
        caller = lab.caller(credential)
        # A key with this scope only cannot prepare what the call needs, so a fuller one of its tenant does.
        owner = lab.main if credential.tenant == lab.credential.tenant else caller
        yield credential, caller(operation.id, **call(lab, operation, owner))


@kind.promise("no-credential", "{method} {path} without a credential is refused.", on=guarded, source=KEY_NEEDED)
def no_credential(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    header = lab.contract.tenancy.header
    pairs = [] if header is None else [(header, lab.credential.tenant)]
    answer = sends(lab, operation, tried.parts, pairs)
    _judge(lab, answer, "credential-missing", "a request without a credential")
    if header is not None:
        bare = sends(lab, operation, tried.parts, [])
        _judge(lab, bare, "credential-missing", f"a request without a credential and without {header}")
    tried.untouched()


@kind.promise("wrong-credential", "{method} {path} with a wrong credential is refused.", on=guarded, source=KEY_WRONG)
def wrong_credential(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    variants = share(lab, operation, dict.fromkeys(wrong_secrets(lab.credential.secret)), always=5)
    with concealed(lab, variants):
        values = [(name, in_scheme(lab, value)) for name, value in variants]
        for name, value in values:
            _judge(lab, sends(lab, operation, tried.parts, sent_as(lab, value)), "credential-invalid", name)
        tried.untouched()


@kind.promise(
    "credential-form", "{method} {path} takes a credential only in its exact form.", on=guarded, source=KEY_FORM
)
def credential_form(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    variants = share(lab, operation, dict.fromkeys(odd_secrets(lab.credential.secret)))
    with concealed(lab, variants):
        status = lab.contract.errors.statuses["credential-invalid"]
        for name, value in variants:
            refused(lab, sends(lab, operation, tried.parts, sent_as(lab, in_scheme(lab, value))), status, name)
        missing = lab.contract.errors.statuses["credential-missing"]
        refused(lab, sends(lab, operation, tried.parts, sent_as(lab, "")[1:]), missing, "no credential")
        unknown = in_scheme(lab, next(wrong_secrets(lab.credential.secret))[1])
        refused(lab, sends(lab, operation, tried.parts, sent_as(lab, unknown)), status, "an unknown key")
        tried.untouched()


def _judge(lab: Lab, answer: Answer, reason: str, what: str) -> None:
    expected = status_for(lab, reason)
    lab.expect(answer.status in expected, f"{' or '.join(map(str, sorted(expected)))} for {what}", answer)


@kind.promise(
    "credential-empty",
    "{method} {path} with an empty credential is refused as without any.",
    on=guarded,
    source=KEY_FORM,
)
def credential_empty(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    refused(
        lab,
        sends(lab, operation, tried.parts, sent_as(lab, "")),
        lab.contract.errors.statuses["credential-missing"],
        "an empty header",
    )
    tried.untouched()


@kind.promise(
    "credential-twice", "{method} {path} with two credentials at once is refused.", on=guarded, source=KEY_FORM
)
def credential_twice(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    header = next(iter(lab.contract.security.values())).header
    own_value = in_scheme(lab, lab.credential.secret)
    wrong = in_scheme(lab, "invalid")
    for values in ((own_value, own_value), (own_value, wrong), (wrong, own_value)):
        pairs = [(header, values[0]), *sent_as(lab, values[1])]
        status = lab.contract.errors.statuses["credential-invalid"]
        refused(lab, sends(lab, operation, tried.parts, pairs), status, f"{header} sent twice")
    tried.untouched()


@kind.promise(
    "credential-elsewhere",
    "{method} {path} looks for the credential in its header only.",
    on=guarded,
    source=KEY_FORM,
)
def credential_elsewhere(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    scheme = next(iter(lab.contract.security.values()))
    tenant = sent_as(lab, "")[1:]
    secret = lab.credential.secret
    status = lab.contract.errors.statuses["credential-missing"]
    names = (scheme.header, scheme.header.lower(), "api_key", "apikey", "key", "token", "access_token", "authorization")
    query = dict.fromkeys(names, secret)
    query_parts = {**tried.parts, "query": {**tried.parts.get("query", {}), **query}}
    refused(lab, sends(lab, operation, query_parts, tenant), status, "a key in the query string")
    other = "x-api-key" if scheme.kind == "bearer" else "Authorization"
    for name, value in ((other, secret), (other, f"Bearer {secret}"), ("Cookie", f"{scheme.header}={secret}")):
        answer = sends(lab, operation, tried.parts, [*tenant, (name, value)])
        refused(lab, answer, status, f"a key in the {name} header")
    if operation.body_schema is not None:
        body = {**tried.parts["body"], scheme.header: secret, "api_key": secret, "token": secret}
        answer = sends(lab, operation, {**tried.parts, "body": body}, tenant)
        refused(lab, answer, status, "a key in the body")
    tried.untouched()


@kind.promise(
    "scheme",
    "{method} {path} takes a token with the scheme Bearer, in any letter case, one space, and with no other.",
    on=lambda contract, operation: not operation.public and contract.security[operation.security[0]].kind == "bearer",
    source=by_api(mega=KEY_FORM, crmleadpro=KEY_FORM),
)
def scheme_word(lab: Lab, operation: Operation) -> None:
    secret = lab.credential.secret
    for word in ("bearer", "BEARER", "bEaReR"):
        parts = call(lab, operation)
        answer = sends(lab, operation, parts, sent_as(lab, f"{word} {secret}"))
        lab.expect(answer.ok, f"a 2xx for the scheme {word}", answer)
    tried = trial(lab, operation)
    status = lab.contract.errors.statuses["credential-invalid"]
    others = (
        (secret, "no scheme"),
        (f"Basic {secret}", "the scheme Basic"),
        (f"Bearer  {secret}", "two spaces after Bearer"),
        (f"Token {secret}", "the scheme Token"),
        (f"ApiKey {secret}", "the scheme ApiKey"),
        (f"Bearer{secret}", "no space after Bearer"),
        (f"bearer     {secret}", "five spaces after bearer"),
        (f"Bearer\t{secret}", "a tab after Bearer"),
        (f"Bearer \t{secret}", "a space and a tab after Bearer"),
        (f"Bearer: {secret}", "a colon after Bearer"),
        (f"Bearer Bearer {secret}", "Bearer twice"),
        (f"Bearers {secret}", "the scheme Bearers"),
        (f"Bearer {secret} x", "more after the token"),
        ("Bearer", "no token"),
    )
    for value, what in share(lab, operation, others):
        refused(lab, sends(lab, operation, tried.parts, sent_as(lab, value)), status, what)
    tried.untouched()


@kind.promise("challenge", "A 401 of {method} {path} says how to authenticate.", on=guarded, source=_CHALLENGE)
def challenge(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    scheme = next(iter(lab.contract.security.values()))
    word = "bearer" if scheme.kind == "bearer" else "apikey"
    unknown = next(wrong_secrets(lab.credential.secret))[1]
    values = {"a text that is no key": in_scheme(lab, "invalid"), "an unknown key": in_scheme(lab, unknown)}
    if word == "bearer":
        # What has not even the form of a token is often refused elsewhere than an unknown token.
        values |= {"the scheme Basic": "Basic bGVhZDptb2Nr", "no token": "Bearer", "no scheme": unknown}
        values |= {"more after the token": f"Bearer {unknown} x"}
    sent = [(sent_as(lab, "")[1:], "no credential"), *((sent_as(lab, value), what) for what, value in values.items())]
    with concealed(lab, [("an unknown key", unknown)]):
        for pairs, what in sent:
            answer = sends(lab, operation, tried.parts, pairs)
            if answer.status == 401:
                told = str(answer.headers.get("www-authenticate", ""))
                lab.expect(told, f"WWW-Authenticate with a 401 for {what}", dict(answer.headers))
                if word == "bearer":
                    lab.expect(told.lower().startswith(word), f"the scheme Bearer in WWW-Authenticate for {what}", told)


@kind.promise(
    "header-case",
    "{method} {path} finds the credential's header in any letter case.",
    on=guarded,
    source=assumed("C16", "Names of headers have no letter case (RFC 9110, section 5.1)."),
)
def header_case(lab: Lab, operation: Operation) -> None:
    pairs = sent_as(lab, in_scheme(lab, lab.credential.secret))
    for change in (str.lower, str.upper, str.title):
        parts = call(lab, operation)
        answer = sends(lab, operation, parts, [(change(name), value) for name, value in pairs])
        lab.expect(answer.ok, f"a 2xx for the header {change(pairs[0][0])}", answer)


@kind.promise(
    "refusal-body",
    "A refused credential is told in the vendor's form of an error.",
    on=guarded,
    source=by_api(salesiq=named("Q14"), mega=named("page-errors"), convertiq=named("C14"), crmleadpro=named("P3")),
)
def refusal_body(lab: Lab, operation: Operation) -> None:
    tried = trial(lab, operation)
    for value, what in (("", "no credential"), ("invalid", "a wrong credential")):
        pairs = sent_as(lab, in_scheme(lab, value)) if value else sent_as(lab, "")[1:]
        answer = sends(lab, operation, tried.parts, pairs)
        has_envelope(lab, answer, what)


# What needs none.


@kind.promise(
    "public", "{method} {path} needs no credential.", on=where(lambda operation: operation.public), source=own()
)
def public(lab: Lab, operation: Operation) -> None:
    answer = lab.nobody()(operation.id)
    lab.expect(answer.ok, "a 2xx without a credential", answer)
    with_key = lab.main(operation.id)
    lab.expect(with_key.ok, "a 2xx with a credential too", with_key)


@kind.promise(
    "public-wrong-key",
    "{method} {path} answers the same whatever credential is sent.",
    on=where(lambda operation: operation.public),
    source=KEY_FORM,
)
def public_wrong_key(lab: Lab, operation: Operation) -> None:
    expected = lab.nobody()(operation.id)
    for value in ("invalid", "", "sqk_live_unknown", "x" * 3000):
        answer = sends(lab, operation, {}, sent_as(lab, in_scheme(lab, value)))
        same = answer.status == expected.status and answer.json == expected.json
        lab.expect(same, f"{expected.status} and the same body with the key {value[:20]!r}", answer)


tidied(kind)
