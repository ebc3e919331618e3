// The APIs and their tenants: what every choice on the page is made from.

import { get } from "./api.js";

const PLACE = "leadmock-tenant";

class World extends EventTarget {
  apis = [];
  tenants = [];

  /** The API of this name. */
  api(name) {
    return this.apis.find((each) => each.name === name);
  }

  /** What people call an API. */
  title(name) {
    return this.api(name)?.title ?? name;
  }

  /** The tenant that the page looks at: the one chosen last, or the first. */
  get chosen() {
    const [api, id] = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
    return this.tenants.find((each) => each.api === api && each.id === id) ?? this.tenants[0];
  }

  choose(tenant) {
    sessionStorage.setItem(PLACE, JSON.stringify([tenant.api, tenant.id]));
    this.dispatchEvent(new Event("chosen"));
  }

  /** The tenants of one API as choices: `[id, text]`, names that occur twice with the beginning of their id. */
  choices(api) {
    const own = this.tenants.filter((each) => each.api === api);
    const names = own.map((each) => each.name);
    return own.map((each) => {
      const unclear = each.name !== each.id && names.indexOf(each.name) !== names.lastIndexOf(each.name);
      return [each.id, unclear ? `${each.name} (${each.id})` : each.name];
    });
  }
}

export const world = new World();

/** Ask for them again. */
export async function refresh() {
  const [{ apis }, { tenants }] = await Promise.all([get("/apis"), get("/tenants")]);
  const changed = JSON.stringify([apis, tenants]) !== JSON.stringify([world.apis, world.tenants]);
  Object.assign(world, { apis, tenants });
  if (changed) world.dispatchEvent(new Event("change"));
}
