// Calls of the control plane.

import { anotherToken, token } from "./token.js";

const ROOT = "/_mock";

/** A call that was refused, or that nobody answered (status 0). The message says what to do. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.name = "Problem";
    this.status = status;
  }
}

/** The path of parts, each of them escaped. */
export const at = (...parts) => `/${parts.map(encodeURIComponent).join("/")}`;

/** The path of a tenant. */
export const ofTenant = (tenant, ...parts) => at("tenants", tenant.api, tenant.id, ...parts);

export const get = (path, query = {}) => told("GET", path, { query });
export const post = (path, body) => told("POST", path, { body });
/** Send what is not an object but a text of this media type. */
export const postText = (path, text, type) => told("POST", path, { text, type });
export const put = (path) => told("PUT", path, {});
export const remove = (path, query = {}) => told("DELETE", path, { query });

/** The response to a call as soon as its headers are there, for what comes bit by bit. */
export const open = (path, signal) => answered("GET", path, { signal });

async function told(method, path, options) {
  const response = await answered(method, path, options);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    throw new Problem(0, "The server broke off its answer; try again.");
  }
}

async function answered(method, path, { query = {}, body, text, type = "application/json", signal }) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const url = `${ROOT}${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
  for (;;) {
    const used = token();
    const headers = {};
    if (used !== null) headers.Authorization = `Bearer ${used}`;
    const content = body === undefined ? text : JSON.stringify(body);
    if (content !== undefined) headers["Content-Type"] = type;
    let response;
    try {
      response = await fetch(url, { method, headers, signal, cache: "no-store", body: content });
    } catch {
      throw new Problem(0, "The server does not answer. Is leadmock still running?");
    }
    if (response.ok) return response;
    if (response.status === 401 && (await anotherToken(used))) continue;
    throw new Problem(response.status, await detail(response));
  }
}

async function detail(response) {
  try {
    return (await response.json()).detail ?? `The server answered ${response.status}.`;
  } catch {
    return `The server answered ${response.status}.`;
  }
}
