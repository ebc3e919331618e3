// Whose world is looked at: the API and the tenant, the same for all parts of the page that show one.

import { h, choose, field, select } from "./dom.js";
import { world } from "./world.js";

/** The two choices. `onChoose(tenant)` is called now and at each other choice; never without a tenant. */
export function tenantPicker(onChoose, signal) {
  const api = select([], "");
  const tenant = select([], "");
  let last = "";

  function offer() {
    const { chosen } = world;
    if (!chosen) return;
    choose(api, world.apis.map((each) => [each.name, each.title]), chosen.api);
    choose(tenant, world.choices(chosen.api), chosen.id);
    const now = `${chosen.api}/${chosen.id}`;
    if (now !== last) onChoose(chosen);
    last = now;
  }

  api.addEventListener("change", () => world.choose(world.tenants.find((each) => each.api === api.value)));
  tenant.addEventListener("change", () => world.choose({ api: api.value, id: tenant.value }));
  world.addEventListener("change", offer, { signal });
  world.addEventListener("chosen", offer, { signal });
  offer();
  return h("div.picker", {}, field("API", api), field("Tenant", tenant));
}
