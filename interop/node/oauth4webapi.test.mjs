// oauth4webapi, unmodified: a strict client without an idea of Entra. It verifies
// every response, and the signature of the ID token.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oauth from "oauth4webapi";
import { Robot } from "./robot.mjs";
import { authority, claimsOf, env, graph, newApp, newUser } from "./sandbox.mjs";

const issuer = new URL(`${authority}/v2.0`);
const redirectUri = "http://localhost:3000/callback";
const discover = async () => oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));

// signIn redeems a code that the user got with the scopes, and returns the verified
// token response.
async function signIn(server, client, secret, robot, scope) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const callback = await robot.callback(url.href, redirectUri);
  const parameters = oauth.validateAuthResponse(server, client, callback, state);
  const res = await oauth.authorizationCodeGrantRequest(server, client, secret, parameters, redirectUri, verifier);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, res, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(server, res);
  return tokens;
}

test("oauth4webapi: sign-in, userinfo, refresh, Graph, step-up, On-Behalf-Of", async () => {
  const server = await discover();
  const user = await newUser();
  const robot = new Robot(user);
  const app = await newApp({ redirectUris: [redirectUri] });
  const [client, secret] = [{ client_id: app.id }, oauth.ClientSecretPost(app.secret)];

  const tokens = await signIn(server, client, secret, robot, "openid profile email offline_access User.Read");
  const { sub, email } = oauth.getValidatedIdTokenClaims(tokens);
  assert.equal(email, user.email);
  const info = await oauth.userInfoRequest(server, client, tokens.access_token);
  assert.equal((await oauth.processUserInfoResponse(server, client, sub, info)).email, user.email);
  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token), // without a scope
  );
  assert.equal(oauth.getValidatedIdTokenClaims(refreshed).sub, sub);
  const me = await oauth.protectedResourceRequest(refreshed.access_token, "GET", new URL(`${graph}/v1.0/me`));
  assert.equal((await me.json()).displayName, "Casey Jensen");

  const silent = await oauth.refreshTokenGrantRequest(server, client, secret, tokens.refresh_token, {
    additionalParameters: { scope: env.SANDBOX_EDIT_SCOPE },
  });
  await assert.rejects(oauth.processRefreshTokenResponse(server, client, silent), (refusal) => {
    assert.equal(refusal.code, oauth.RESPONSE_BODY_ERROR);
    assert.deepEqual(refusal.cause.error_codes, [50076]);
    return true;
  });
  const stepped = await signIn(server, client, secret, robot, `openid ${env.SANDBOX_EDIT_SCOPE}`);
  assert.equal(claimsOf(stepped.access_token).aud, env.SANDBOX_MID_TIER_ID);

  const midTier = { client_id: env.SANDBOX_MID_TIER_ID };
  const exchanged = await oauth.genericTokenEndpointRequest(
    server,
    midTier,
    oauth.ClientSecretPost(env.SANDBOX_MID_TIER_SECRET),
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    {
      assertion: stepped.access_token,
      requested_token_use: "on_behalf_of",
      scope: "https://graph.microsoft.com/User.ReadWrite",
    },
  );
  const onBehalf = await oauth.processGenericTokenEndpointResponse(server, midTier, exchanged);
  const body = JSON.stringify({ city: "Bern" });
  const headers = new Headers({ "content-type": "application/json" });
  const url = new URL(`${graph}/v1.0/me`);
  const patched = await oauth.protectedResourceRequest(onBehalf.access_token, "PATCH", url, headers, body);
  assert.equal(patched.status, 204);
});

test("oauth4webapi: client credentials, with the secret in the header and in the body", async () => {
  const server = await discover();
  const app = await newApp({ redirectUris: [redirectUri] });
  const client = { client_id: app.id };
  for (const authentication of [oauth.ClientSecretPost(app.secret), oauth.ClientSecretBasic(app.secret)]) {
    const res = await oauth.clientCredentialsGrantRequest(server, client, authentication, {
      scope: `api://${env.SANDBOX_MID_TIER_ID}/.default`,
    });
    const tokens = await oauth.processClientCredentialsResponse(server, client, res);
    assert.equal(claimsOf(tokens.access_token).aud, env.SANDBOX_MID_TIER_ID);
  }
});

// A frequent mistake with web frameworks: the redirect URI is registered for a
// single-page application, but a server redeems the code.
test("oauth4webapi: a server cannot redeem the code of a single-page application", async () => {
  const server = await discover();
  const app = await newApp({ spaRedirectUris: [redirectUri] });
  const robot = new Robot(await newUser());
  await assert.rejects(
    signIn(server, { client_id: app.id }, oauth.None(), robot, "openid User.Read"),
    (refusal) => {
      assert.deepEqual(refusal.cause.error_codes, [9002327]);
      return true;
    },
  );
});
