"""Tenants: create them with credentials, show them, revoke and delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from mockserver.contract.document import did_you_mean
from mockserver.contract.model import Contract, Window
from mockserver.contract.schema import FieldError, Validator, compile_schema
from mockserver.control.call import ControlCall, Problem, answer, invalid, nothing, unknown
from mockserver.control.world import World
from mockserver.docs import credential_headers
from mockserver.engine.call import Credential, Tenant
from mockserver.rendering import redacted


async def list_tenants(world: World, call: ControlCall) -> Response:
    world.check_api(call.query.get("api"))
    return answer({"tenants": [_told(world, tenant) for tenant in world.registry.tenants(call.query.get("api"))]})


async def create_tenant(world: World, call: ControlCall) -> Response:
    body = call.body
    world.check_api(body["api"])
    contract = world.contracts[body["api"]]
    errors = [*_unknown_names(contract, body), *_bad_id(contract, body.get("id"))]
    if errors:
        raise invalid(*errors)
    limits = {
        bucket: tuple(Window(each["limit"], each["seconds"]) for each in windows)
        for bucket, windows in body.get("limits", {}).items()
    }
    try:
        credential = await world.registry.create(
            contract.name,
            tenant_id=body.get("id"),
            name=body.get("name", ""),
            plan=body.get("plan"),
            unlimited=body.get("unlimited", False),
            unmetered=body.get("unmetered", False),
            limits=limits,
            scopes=_scopes(body),
            secret=body.get("secret"),
        )
    except ValueError as error:
        raise Problem(409, str(error)) from None
    return _created(world, credential)


async def get_tenant(world: World, call: ControlCall) -> Response:
    return answer(_told(world, _tenant(world, call)))


async def delete_tenant(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    await world.registry.delete(tenant)
    await world.controls.clear(tenant=tenant.id)
    return nothing()


async def create_credential(world: World, call: ControlCall) -> Response:
    tenant, body = _tenant(world, call), call.body
    errors = list(_unknown_names(world.contracts[tenant.api], body))
    if errors:
        raise invalid(*errors)
    try:
        credential = await world.registry.add_credential(
            tenant, scopes=_scopes(body), secret=body.get("secret"), name=body.get("name", "")
        )
    except ValueError as error:
        raise Problem(409, str(error)) from None
    return _created(world, credential)


async def revoke_credential(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    credentials = world.directories[tenant.api].of_tenant(tenant.id)
    found = next((each for each in credentials if each.id == call.path["credential"]), None)
    if found is None:
        way_out = f"GET /_mock/tenants/{tenant.api}/{tenant.id} lists them"
        raise unknown(f"{tenant.name} has no credential {call.path['credential']}", way_out)
    await world.registry.revoke(found)
    return nothing()


def _unknown_names(contract: Contract, body: Mapping[str, Any]) -> Iterable[FieldError]:
    """Names that the contract does not have."""
    plan = body.get("plan")
    if plan is not None and plan not in contract.plans:
        yield FieldError(
            "/plan", f"is no plan of {contract.name}; {did_you_mean(plan, contract.plans) or 'it has none'}"
        )
    scopes = [scope for scheme in contract.security.values() for scope in scheme.scopes]
    for at, scope in enumerate(body.get("scopes", ())):
        if scope not in scopes:
            known = did_you_mean(scope, scopes) or "it has none"
            yield FieldError(f"/scopes/{at}", f"is no scope of {contract.name}; {known}")
    limits = [operation.rate_limit for operation in contract.operations.values()]
    buckets = {limit.bucket for limit in limits if limit is not None}
    for bucket in body.get("limits", {}):
        if bucket not in buckets:
            known = did_you_mean(bucket, sorted(buckets)) or "it has no limits"
            yield FieldError("/limits", f"{bucket[:50]!r} is no bucket of {contract.name}; {known}")


def _bad_id(contract: Contract, tenant_id: str | None) -> Iterable[FieldError]:
    """An id that the API's own header could not name."""
    header = contract.tenancy.header
    if tenant_id is None or header is None:
        return
    parameters = (each for operation in contract.operations.values() for each in operation.parameters)
    declared = next((each for each in parameters if each.name.lower() == header.lower()), None)
    if declared is not None:
        for error in Validator(compile_schema(declared.schema)).errors(tenant_id):
            yield FieldError("/id", error.detail)


def _scopes(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    return tuple(body["scopes"]) if "scopes" in body else None


def _created(world: World, credential: Credential) -> Response:
    contract = world.contracts[credential.tenant.api]
    told = {
        "tenant": _told(world, credential.tenant),
        "credential": {**_shown(credential), "secret": credential.secret},
        "headers": credential_headers(contract, credential),
        "base_path": contract.base_path,
    }
    return answer(told, 201)


def _tenant(world: World, call: ControlCall) -> Tenant:
    return world.tenant(call.path["api"], call.path["tenant"])


def _told(world: World, tenant: Tenant) -> dict[str, Any]:
    return {
        "api": tenant.api,
        "id": tenant.id,
        "name": tenant.name,
        "plan": tenant.plan,
        "unlimited": tenant.unlimited,
        "unmetered": tenant.unmetered,
        "limits": {
            bucket: [{"limit": window.limit, "seconds": window.seconds} for window in windows]
            for bucket, windows in tenant.limits.items()
        },
        "credentials": [_shown(each) for each in world.directories[tenant.api].of_tenant(tenant.id)],
    }


def _shown(credential: Credential) -> dict[str, Any]:
    return {
        "id": credential.id,
        "name": credential.name,
        "secret": redacted(credential.secret),
        "scopes": sorted(credential.scopes),
    }
