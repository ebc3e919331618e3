// Hooks of Dredd: credentials, what each expected status needs, and the identifiers of what was created.
// DETECTION_HOOKS names a JSON file: headers, forbidden (the headers that deserve a 403), integers (a query parameter
// that takes a whole number, by "METHOD path"), results (the file to write).
const fs = require('fs');
const hooks = require('hooks');

const given = JSON.parse(fs.readFileSync(process.env.DETECTION_HOOKS, 'utf8'));
const renamed = new Map(); // identifiers of the examples -> those that the server has given

const SPOIL = {
  400: spoilSyntax,
  401: (transaction) => Object.keys(given.headers).forEach((name) => delete transaction.request.headers[name]),
  403: (transaction) => Object.assign(transaction.request.headers, given.forbidden),
  404: () => true, // The example's identifier, which the server has never given.
  413: (transaction) => withBody(transaction, JSON.stringify('x'.repeat(1100000))),
  415: (transaction) => {
    header(transaction, 'Content-Type', 'text/plain');
    return withBody(transaction, transaction.request.body);
  },
  422: (transaction) => withBody(transaction, '{}'),
};

hooks.beforeEach((transaction, done) => {
  const status = Number(transaction.expected.statusCode);
  Object.assign(transaction.request.headers, given.headers);
  if (status < 300) {
    transaction.fullPath = transaction.request.uri = known(transaction.fullPath);
    transaction.request.body = known(transaction.request.body);
  } else if (!SPOIL[status] || SPOIL[status](transaction) === false) {
    transaction.skip = true; // 409, 429, 500: no single request brings them about.
  }
  done();
});

hooks.afterEach((transaction, done) => {
  if (transaction.request.method === 'POST' && Number(transaction.expected.statusCode) < 300 && transaction.real) {
    const [example, real] = [transaction.expected.body, transaction.real.body].map(identifier);
    if (example && real) renamed.set(example, real);
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
  renamed.forEach((real, example) => { changed = changed.split(example).join(real); });
  return changed;
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

function spoilSyntax(transaction) {
  if (withBody(transaction, '{"')) return true;
  const template = transaction.name.split(' > ')[0];
  const parameter = given.integers[`${transaction.request.method} ${template}`];
  if (!parameter) return false;
  transaction.fullPath = transaction.request.uri = `${transaction.fullPath.split('?')[0]}?${parameter}=nought`;
  return true;
}
