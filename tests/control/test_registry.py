"""Tenants made while the server runs last, are shared, and end when they are told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.app import Mock
from mockserver.contract.model import Window
from mockserver.engine.call import Credential
from mockserver.settings import Settings
from tests.caller import Caller
from tests.postgres import cluster

pytestmark = pytest.mark.anyio


async def status(mock: Mock, credential: Credential) -> int:
    async with Caller(mock, credential) as caller:
        return (await caller("GET", "/leads")).status_code


async def test_a_new_tenant_is_served_at_once_with_its_own_limits_and_scopes() -> None:
    mock = Mock(Settings(apis=("mega",)))
    credential = await mock.registry.create(
        "mega", name="mine", limits={"default": (Window(2, 60),)}, scopes=("public_api:leads:read",)
    )
    assert [await status(mock, credential) for _ in range(3)] == [200, 200, 429]
    async with Caller(mock, credential) as caller:
        assert (await caller("POST", "/leads", json={"contact_name": "x"})).status_code == 403
    assert [tenant.name for tenant in mock.registry.tenants("mega")] == ["demo customer", "second customer", "mine"]


async def test_a_revoked_credential_is_unknown_and_the_others_stay() -> None:
    mock = Mock(Settings(apis=("mega",)))
    first = await mock.registry.create("mega")
    second = await mock.registry.add_credential(first.tenant)
    await mock.registry.revoke(first)
    assert [await status(mock, each) for each in (first, second)] == [401, 200]
    demo = next(iter(mock.directories["mega"]))
    await mock.registry.revoke(demo)
    assert await status(mock, demo) == 401


@pytest.mark.parametrize("api", ["salesiq", "mega", "convertiq", "crmleadpro"])
async def test_a_tenant_without_a_valid_key_stays_until_it_is_deleted(tmp_path: Path, api: str) -> None:
    """A demo one, too; over a restart, and over a reset of everything, which a deleted one does not outlive either."""
    settings = Settings(apis=(api,), database=str(tmp_path / "state.sqlite3"))
    mock = Mock(settings)
    made = await mock.registry.create(api, name="made")
    await mock.registry.revoke(made)
    first, second = mock.registry.tenants(api)[:2]
    for credential in [*mock.directories[api].of_tenant(first.id), *mock.directories[api].of_tenant(second.id)]:
        await mock.registry.revoke(credential)
    assert mock.registry.tenants(api) == [first, second, made.tenant]
    await mock.registry.delete(second)
    assert mock.registry.tenants(api) == [first, made.tenant]
    await mock.registry.reset_all()
    assert mock.registry.tenants(api) == [first, made.tenant]
    await mock.store.close()
    after = Mock(settings)
    await after.registry.refresh()
    assert after.registry.tenants(api) == [first, made.tenant]
    assert list(after.directories[api]) == []
    again = await after.registry.create(api, tenant_id=second.id, name="the second again")
    assert [each.name for each in after.registry.tenants(api)] == [first.name, "the second again", "made"]
    assert list(after.directories[api]) == [again]
    await after.store.close()


async def test_a_demo_tenant_without_a_key_is_filled_again_by_a_reset() -> None:
    mock = Mock(Settings(apis=("mega",)))
    (tenant, _) = mock.registry.tenants("mega")
    for credential in mock.directories["mega"].of_tenant(tenant.id):
        await mock.registry.revoke(credential)
    await mock.seed()
    async with mock.store.transaction(tenant.key) as tx:
        assert await tx.count("lead") == 1


async def test_a_deleted_tenant_is_gone_with_all_it_holds() -> None:
    mock = Mock(Settings(apis=("mega",)))
    credential = await mock.registry.create("mega")
    async with Caller(mock, credential) as caller:
        await caller("POST", "/leads", json={"contact_name": "x"})
    await mock.registry.delete(credential.tenant)
    assert await status(mock, credential) == 401
    assert mock.registry.tenant("mega", credential.tenant.id) is None
    async with mock.store.transaction(credential.tenant.key) as tx:
        assert await tx.count("lead") == 0


async def test_what_exists_cannot_be_made_again() -> None:
    mock = Mock(Settings(apis=("mega",)))
    credential = await mock.registry.create("mega", tenant_id="one")
    with pytest.raises(ValueError, match="has a tenant 'one' already"):
        await mock.registry.create("mega", tenant_id="one")
    with pytest.raises(ValueError, match="in use already"):
        await mock.registry.add_credential(credential.tenant, secret=credential.secret)


async def test_tenants_and_revocations_survive_a_restart(tmp_path: Path) -> None:
    settings = Settings(apis=("mega",), database=str(tmp_path / "state.sqlite3"))
    before = Mock(settings)
    kept = await before.registry.create("mega", name="kept", limits={"default": (Window(9, 60),)})
    revoked = await before.registry.add_credential(kept.tenant)
    await before.registry.revoke(revoked)
    demo = next(iter(before.directories["mega"]))
    await before.registry.revoke(demo)
    await before.store.close()
    after = Mock(settings)
    await after.registry.refresh()
    assert [await status(after, each) for each in (kept, revoked, demo)] == [200, 401, 401]
    assert after.registry.tenant("mega", kept.tenant.id) == kept.tenant
    await after.store.close()


async def test_two_servers_on_one_database_know_the_same_keys() -> None:
    """The second learns at its next request what the first has changed, whether made, revoked or gone."""
    settings = Settings(apis=("mega",), database=cluster().fresh())
    first, second = Mock(settings), Mock(settings)
    try:
        credential = await first.registry.create("mega")
        assert await status(second, credential) == 200
        added = await second.registry.add_credential(credential.tenant)
        assert await status(first, added) == 200
        await first.registry.revoke(credential)
        assert [await status(second, each) for each in (credential, added)] == [401, 200]
        await second.registry.delete(credential.tenant)
        assert await status(first, added) == 401
    finally:
        await first.store.close()
        await second.store.close()
