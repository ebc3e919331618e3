"""Who may call what: credentials, tenants and scopes (401, then 403)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus

from mockserver.contract.model import Contract, Operation
from mockserver.engine.call import Credential, Tenant
from mockserver.engine.refusal import Refusal

Headers = Mapping[str, str]
Repeated = AbstractSet[str]
Authenticate = Callable[[Headers, Repeated], Credential]
Authorize = Callable[[Credential, Headers, Repeated], None]


@dataclass(frozen=True, slots=True)
class Revocation:
    """A credential that was valid once: what it was called, the id of its tenant, None where that is gone, and when it
    was revoked, in epoch seconds, None where that is unknown.
    """

    name: str
    tenant: str | None
    at: float | None


class Directory:
    """The credentials of one API, found by digest so that a look-up's time tells nothing of a secret."""

    def __init__(self, credentials: Iterable[Credential] = ()) -> None:
        self._by_digest: dict[bytes, Credential] = {}
        self._revoked: dict[bytes, Revocation] = {}
        for credential in credentials:
            self.add(credential)

    def add(self, credential: Credential) -> None:
        """Make `credential` valid from now on."""
        self._by_digest[_digest(credential.secret)] = credential

    def remove(self, credential: Credential) -> bool:
        """Make it invalid from now on; False where it was not valid."""
        return self._by_digest.pop(_digest(credential.secret), None) is not None

    def remember_revoked(self, revoked: Mapping[str, Revocation]) -> None:
        """Which secrets were valid once, in place of those remembered before: for explanations, nothing else."""
        self._revoked = {_digest(secret): each for secret, each in revoked.items()}

    def revocation(self, secret: str) -> Revocation | None:
        """That of the credential with this secret; None where it is valid, or never was."""
        return self._revoked.get(_digest(secret))

    def of_tenant(self, tenant_id: str) -> list[Credential]:
        """The credentials of one tenant, by its id, the oldest first."""
        return [each for each in self if each.tenant.id == tenant_id]

    def find(self, secret: str) -> Credential | None:
        """The credential with this secret, or None."""
        return self._by_digest.get(_digest(secret))

    def __iter__(self) -> Iterator[Credential]:
        return iter(tuple(self._by_digest.values()))


def _digest(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode("utf-8", "surrogateescape"), digest_size=32).digest()


def authentication(contract: Contract, operation: Operation, directory: Directory) -> Authenticate:
    """How `operation` learns who calls: takes the headers (lower-case names) and the names sent more than
    once, and gives the credential or raises the Refusal of a missing or invalid one.

    A public operation lets everybody in, as the one visitor of a tenant of its own.
    """
    if operation.public:
        visitor = Credential("", Tenant(f"{contract.name}:public", "", "", contract.name, unlimited=True), "")
        return lambda _headers, _repeated: visitor
    scheme = contract.security[operation.security[0]]
    secret_of = _bearer if scheme.kind == "bearer" else _api_key
    header = scheme.header.lower()
    challenge = _challenge(contract)
    # Only a 401 challenges, and an invalid key may be answered with 403 (Q9).
    on_invalid = challenge if contract.errors.statuses["credential-invalid"] == HTTPStatus.UNAUTHORIZED else {}

    def authenticate(headers: Headers, repeated: Repeated) -> Credential:
        secret = secret_of(headers, header, challenge)
        credential = None if header in repeated else directory.find(secret)
        if credential is None:
            raise Refusal("credential-invalid", f"The {scheme.header} header holds no valid key", (), on_invalid)
        return credential

    return authenticate


def authorization(contract: Contract, operation: Operation) -> Authorize:
    """What `operation` asks of a credential, in the order of decision M10: to name its own tenant, where
    the contract has a header for that, and to have the scopes. Raises a Refusal.
    """
    tenant_header = contract.tenancy.header.lower() if contract.tenancy.header and not operation.public else None
    scopes = frozenset(operation.scopes)
    challenge = _challenge(contract)

    def authorize(credential: Credential, headers: Headers, repeated: Repeated) -> None:
        if tenant_header is not None:
            named = _tenant_named(headers, repeated, tenant_header, challenge)
            if named.lower() != credential.tenant.id.lower():
                text = f"This key is locked to another {contract.tenancy.noun} than {tenant_header} names"
                raise Refusal("tenant-mismatch", text)
        if not scopes <= credential.scopes:
            lacking = ", ".join(sorted(scopes - credential.scopes))
            raise Refusal("scope-missing", f"This key lacks the scope {lacking}")

    return authorize


def _challenge(contract: Contract) -> Mapping[str, str]:
    scheme = next(iter(contract.security.values()))
    return {"WWW-Authenticate": "Bearer" if scheme.kind == "bearer" else "ApiKey"}


def _api_key(headers: Headers, header: str, challenge: Mapping[str, str]) -> str:
    secret = headers.get(header, "")
    if not secret:
        raise Refusal("credential-missing", f"The {header} header is missing", (), challenge)
    return secret


def _bearer(headers: Headers, header: str, challenge: Mapping[str, str]) -> str:
    value = headers.get(header, "")
    if not value:
        raise Refusal("credential-missing", "The Authorization header is missing", (), challenge)
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("credential-invalid", "The Authorization header must be: Bearer <token>", (), challenge)
    return token


def _tenant_named(headers: Headers, repeated: Repeated, header: str, challenge: Mapping[str, str]) -> str:
    value = headers.get(header, "")
    if not value:
        raise Refusal("tenant-missing", f"The {header} header is missing", (), challenge)
    if header in repeated:
        raise Refusal("parameter-invalid", f"{header}: is given more than once")
    return value
