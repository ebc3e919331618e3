"""Someone who calls one API of the mock, in process, with the credential of a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from mockserver.app import Mock
from mockserver.docs import credential_headers
from mockserver.engine.call import Credential


class Caller:
    """`await caller("POST", "/leads", json={...})`: paths are relative to the API's base path.

    `headers` are those of the credential; a header given as None is left out of that request.
    """

    def __init__(self, mock: Mock, credential: Credential) -> None:
        self.mock = mock
        self.credential = credential
        self.api = credential.tenant.api
        self.contract = mock.contracts[self.api]
        self.headers = credential_headers(self.contract, credential)
        transport = httpx.ASGITransport(app=mock, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://mock" + self.contract.base_path)

    @classmethod
    def of_new_tenant(cls, mock: Mock, api: str, **options: Any) -> Self:
        """A caller who belongs to a fresh, empty tenant; options as of `Mock.add_tenant`."""
        return cls(mock, mock.add_tenant(api, **options))

    def colleague(self, *, scopes: tuple[str, ...] | None = None) -> Caller:
        """A caller of the same tenant with another credential."""
        return Caller(self.mock, self.mock.add_credential(self.credential, scopes=scopes))

    def stranger(self, **options: Any) -> Caller:
        """A caller of another tenant of the same API."""
        return Caller.of_new_tenant(self.mock, self.api, **options)

    async def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str | None] | None = None, **options: Any
    ) -> httpx.Response:
        merged: dict[str, str | None] = {**self.headers, **(headers or {})}
        sent = {name: value for name, value in merged.items() if value is not None}
        return await self.client.request(method, path, headers=sent, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
