// A SMART authorization server for integration tests: oidc-provider with the launch context of SMART
// App Launch 2. Log in with any name, which becomes Practitioner/<name>, and any password.
import { randomUUID } from 'node:crypto';
import Provider from 'oidc-provider';

const KINDS = [
  'AllergyIntolerance', 'Condition', 'Device', 'DiagnosticReport', 'ImagingStudy', 'MedicationDispense',
  'MedicationRequest', 'MedicationStatement', 'Observation', 'Patient', 'Procedure', 'QuestionnaireResponse',
  'ServiceRequest',
];
const SCOPES = ['openid', 'fhirUser', 'launch', 'launch/patient', ...KINDS.map((kind) => `patient/${kind}.rs`)];

const FRAMED = { sameSite: 'none', secure: true, signed: true, overwrite: true };

/**
 * @param {string} issuer address it is served at
 * @param {string} base of the FHIR server
 * @param {{clientId: string, redirectUri: string, standalone?: string}} smart `standalone`: patient of a
 *   launch without a launch id
 */
export function authorization(issuer, base, smart) {
  const launches = new Map();
  const asked = new Map(); // code challenge -> launch id
  const tokens = new Set();
  const provider = new Provider(issuer, {
    clients: [{
      client_id: smart.clientId,
      redirect_uris: [smart.redirectUri],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    }],
    clientBasedCORS: () => true,
    pkce: { required: () => true },
    scopes: SCOPES,
    claims: { openid: ['sub'], fhirUser: ['fhirUser'] },
    conformIdTokenClaims: false,
    extraParams: ['launch', 'aud'],
    // As servers do whose pages may be shown in a frame; a browser takes this machine for secure.
    cookies: { keys: [randomUUID()], long: FRAMED, short: FRAMED },
    features: { devInteractions: { enabled: true } },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, fhirUser: `${base}/Practitioner/${id}` }),
    }),
  });
  const create = provider.createContext.bind(provider);
  provider.createContext = (request, response) => {
    const context = create(request, response);
    context.cookies.secure = true; // although this is plain http
    return context;
  };
  provider.use(async (context, next) => {
    await next();
    const entities = context.oidc?.entities;
    if (context.oidc?.route === 'authorization' && context.oidc.params?.code_challenge) {
      asked.set(context.oidc.params.code_challenge, context.oidc.params);
    }
    if (context.oidc?.route === 'token' && context.status === 200) {
      const params = asked.get(entities.AuthorizationCode.codeChallenge) ?? {};
      const launch = launches.get(params.launch) ?? { patient: smart.standalone };
      tokens.add(context.body.access_token);
      context.body = { ...context.body, ...launch };
    }
  });
  return {
    callback: provider.callback(),
    configuration: {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      grant_types_supported: ['authorization_code'],
      scopes_supported: SCOPES,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      capabilities: ['launch-ehr', 'launch-standalone', 'client-public', 'sso-openid-connect', 'permission-v2'],
    },
    /** What one client asks its server for before it opens an app; the token answer brings it back. */
    launch(parameters) {
      const id = randomUUID();
      launches.set(id, parameters ?? {});
      return { launch_id: id };
    },
    knows: (token) => tokens.has(token),
  };
}
