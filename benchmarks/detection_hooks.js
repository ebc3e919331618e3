// Hooks of Dredd: credentials, what each expected status needs, and the identifiers of what was created.
// DETECTION_HOOKS names a JSON file: headers, forbidden (the headers that deserve a 403), results (the file to write),
// and by "METHOD path" integers (a query parameter that takes a whole number) and bytes (the largest body permitted).
const fs = require('fs');
const hooks = require('hooks');

const given = JSON.parse(fs.readFileSync(process.env.DETECTION_HOOKS, 'utf8'));
const renamed = new Map(); // patterns of the examples' identifiers -> what the server has given in their place

const SPOIL = {
  400: spoilSyntax,
  401: (transaction) => Object.keys(given.headers).forEach((name) => delete transaction.request.headers[name]),
  403: (transaction) => Object.assign(transaction.request.headers, given.forbidden),
  404: () => true, // The example's identifier, which the server has never given.
  413: (transaction) => withBody(transaction, JSON.stringify('x'.repeat(given.bytes[operation(transaction)] || 0))),
  415: (transaction) => {
    header(transaction, 'Content-Type', 'text/plain');
    return withBody(transaction, transaction.request.body);
  },
  422: spoilFirstMember,
};

hooks.beforeEach((transaction, done) => {
  const status = Number(transaction.expected.statusCode);
  const { headers } = transaction.request;
  Object.keys(headers).filter((name) => !headers[name]).forEach((name) => delete headers[name]);
  Object.assign(headers, given.headers);
  // It takes each documented header for a required one: only a replay is marked, and nobody counts without a key.
  expectNo(transaction, status === 401 ? /^(idempotent-replayed|ratelimit-.*)$/i : /^idempotent-replayed$/i);
  if (status !== 404) {
    transaction.fullPath = transaction.request.uri = timeless(known(transaction.fullPath));
    transaction.request.body = known(transaction.request.body);
  }
  if (status >= 300 && (!SPOIL[status] || SPOIL[status](transaction) === false)) {
    transaction.skip = true; // 409, 429, 500: no single request brings them about.
  }
  done();
});

hooks.afterEach((transaction, done) => {
  if (transaction.request.method === 'POST' && Number(transaction.expected.statusCode) < 300 && transaction.real) {
    const [example, real] = [transaction.expected.body, transaction.real.body].map(identifier);
    if (example && real && !renamed.has(like(example))) renamed.set(like(example), real);
  }
  done();
});

hooks.afterAll((transactions, done) => {
  const results = transactions.map(({ name, test }) => ({ name, status: test ? test.status : 'skip' }));
  fs.writeFileSync(given.results, JSON.stringify(results));
  done();
});

function known(text) {
  let changed = text || '';
  renamed.forEach((real, pattern) => { changed = changed.replace(new RegExp(pattern, 'g'), real); });
  return changed;
}

// All identifiers of the kind where the kind is written before it, such as lead_01J2XK3M4N5P6Q7R.
function like(example) {
  const kind = /^([a-z]+_)[0-9A-Za-z-]{12,}$/.exec(example);
  return kind ? `\\b${kind[1]}[0-9A-Za-z-]{12,}` : example;
}

function operation(transaction) {
  return `${transaction.request.method} ${transaction.name.split(' > ')[0]}`;
}

function expectNo(transaction, pattern) {
  const { headers } = transaction.expected;
  Object.keys(headers).filter((name) => pattern.test(name)).forEach((name) => delete headers[name]);
}

function identifier(text) {
  try {
    const body = JSON.parse(text);
    const holder = [body, ...Object.values(body)].find((value) => value && typeof value.id === 'string');
    return holder && holder.id;
  } catch (error) {
    return undefined;
  }
}

function header(transaction, name, value) {
  const { headers } = transaction.request;
  Object.keys(headers).filter((each) => each.toLowerCase() === name.toLowerCase()).forEach((each) => delete headers[each]);
  headers[name] = value;
}

function withBody(transaction, body) {
  if (!['POST', 'PUT', 'PATCH'].includes(transaction.request.method)) return false;
  transaction.request.body = body;
  return true;
}

// The moments of the examples are past: what was created just now would not be found.
function timeless(uri) {
  return uri.replace(/[?&]\w+=\d{4}-\d\d-\d\dT[^&]*/g, '').replace(/^([^?&]*)&/, '$1?');
}

// No text, number or list is an object of nothing.
function spoilFirstMember(transaction) {
  const body = JSON.parse(transaction.request.body || '{}');
  Object.keys(body).slice(0, 1).forEach((name) => { body[name] = {}; });
  return withBody(transaction, JSON.stringify(body));
}

function spoilSyntax(transaction) {
  if (withBody(transaction, '{"')) return true;
  const parameter = given.integers[operation(transaction)];
  if (!parameter) return false;
  transaction.fullPath = transaction.request.uri = `${transaction.fullPath.split('?')[0]}?${parameter}=nought`;
  return true;
}
