// What one writes by hand when a generated mock is not enough: openapi-backend on fastify, with the state in Maps.
//
//     node handwritten.mjs SPEC PORT
//
// It checks the key, validates by the document, merges by email and phone, replays idempotency keys and pages through
// the leads. It has one customer, no scopes, no rate limits, no webhooks, no transactions, and forgets all at its end.

import { createHash, randomUUID } from 'node:crypto';
import addFormats from 'ajv-formats';
import Fastify from 'fastify';
import { OpenAPIBackend } from 'openapi-backend';

const [spec, port] = process.argv.slice(2);
const TOKEN = `Bearer mega_${'0123456789abcdef'.repeat(4)}`;
const CUSTOMER = '7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11';
const STAGE = { id: randomUUID(), slug: 'new', name: 'New', color: null };
const TYPES = { 400: 'invalid_request_error', 401: 'authentication_error', 404: 'not_found_error', 409: 'api_error' };

const leads = new Map();
const byEmail = new Map();
const byPhone = new Map();
const replays = new Map();

const refusal = (code, message) => ({ code, body: JSON.stringify({ error: { type: TYPES[code], code, message } }) });
const answer = (code, value) => ({ code, body: JSON.stringify(value) });

function upsert(given) {
  const now = new Date().toISOString();
  const email = given.contact_email?.trim().toLowerCase();
  const digits = given.contact_phone?.replace(/\D/g, '') ?? '';
  const phone = digits.length >= 10 ? digits.slice(-10) : undefined;
  const known = byEmail.get(email) ?? byPhone.get(phone);
  const lead = {
    id: randomUUID(), customer_id: CUSTOMER, contact_name: null, contact_phone: null, contact_email: null,
    source_platform: 'direct', source_type: 'manual', status: 'active', score: null, qualified: null,
    owner: null, last_interaction_at: null, interaction_count: 0, custom_fields: {}, created_at: now,
    ...known, ...given, current_stage: STAGE, updated_at: now,
  };
  delete lead.stage_slug;
  leads.set(lead.id, lead);
  if (email) byEmail.set(email, lead);
  if (phone) byPhone.set(phone, lead);
  return lead;
}

function createLead(context) {
  const body = context.request.requestBody;
  const key = context.request.headers['idempotency-key'];
  const print = key && createHash('sha256').update(JSON.stringify(body)).digest('base64');
  const before = key && replays.get(key);
  if (before) return before.print === print ? before.answer : refusal(409, 'The key was used with another body');
  const given = answer(201, { lead: upsert(body) });
  if (key) replays.set(key, { print, answer: given });
  return given;
}

function listLeads(context) {
  const { limit = 20, offset = 0, search } = context.request.query;
  const text = search?.toLowerCase();
  const found = text ? [...leads.values()].filter((lead) => lead.contact_email?.includes(text)) : leads.values();
  const page = [];
  let at = 0;
  for (const lead of found) {
    if (at >= +offset + +limit) break;
    if (at++ >= +offset) page.push(lead);
  }
  return answer(200, { leads: page, total: leads.size, limit: +limit, offset: +offset, next_cursor: null });
}

const api = new OpenAPIBackend({
  definition: spec,
  apiRoot: '/api/agents/crm',
  quick: true,
  ajvOpts: { strict: false, unicodeRegExp: false },
  customizeAjv: (ajv) => addFormats(ajv),
  handlers: {
    createLead,
    listLeads,
    unauthorizedHandler: () => refusal(401, 'A token is needed'),
    validationFail: (context) => refusal(400, context.validation.errors[0].message),
    notFound: () => refusal(404, 'There is nothing here'),
    notImplemented: () => refusal(404, 'This mock does not have it'),
  },
});
api.registerSecurityHandler('megaToken', (context) => context.request.headers.authorization === TOKEN);
await api.init();

const server = Fastify();
server.all('/*', async (request, reply) => {
  const { method, url, body, query, headers } = request;
  const path = url.split('?')[0];
  const { code, body: text } = await api.handleRequest({ method, path, body, query, headers }, request, reply);
  return reply.code(code).header('Content-Type', 'application/json').send(text);
});
await server.listen({ port: +port, host: '127.0.0.1' });
