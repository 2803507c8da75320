// openid-client, unmodified. It accepts https addresses alone: the sandbox runs with
// --https, or with the host names of the real service.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as oidc from "openid-client";
import { Robot } from "./robot.mjs";
import { authority, claimsOf, env, graph, newApp, newUser } from "./sandbox.mjs";

const issuer = new URL(`${authority}/v2.0`);
const redirectUri = "http://localhost:3000/callback";

// signIn signs the robot's user in with the scopes.
async function signIn(config, robot, scope) {
  const verifier = oidc.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const checks = { pkceCodeVerifier: verifier, expectedState, expectedNonce, idTokenExpected: true };
  return oidc.authorizationCodeGrant(config, await robot.callback(url.href, redirectUri), checks);
}

test("openid-client: sign-in, userinfo, refresh, Graph, step-up, On-Behalf-Of, sign-out", async () => {
  const user = await newUser();
  const robot = new Robot(user);
  const app = await newApp({ redirectUris: [redirectUri] });
  const config = await oidc.discovery(issuer, app.id, app.secret);
  oidc.enableNonRepudiationChecks(config); // verifies the signature of ID tokens

  const tokens = await signIn(config, robot, "openid profile email offline_access User.Read");
  const { email, sub } = tokens.claims();
  assert.equal(email, user.email);
  const info = await oidc.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(info.email, user.email);
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token); // without a scope
  const me = await oidc.fetchProtectedResource(config, refreshed.access_token, new URL(`${graph}/v1.0/me`), "GET");
  assert.equal((await me.json()).displayName, "Casey Jensen");

  const scope = env.SANDBOX_EDIT_SCOPE;
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token, { scope }), (refusal) => {
    assert.equal(refusal.cause.error_codes[0], 50076);
    return true;
  });
  const stepped = await signIn(config, robot, `openid ${scope}`);
  assert.equal(claimsOf(stepped.access_token).aud, env.SANDBOX_MID_TIER_ID);

  const midTier = await oidc.discovery(issuer, env.SANDBOX_MID_TIER_ID, env.SANDBOX_MID_TIER_SECRET);
  const onBehalf = await oidc.genericGrantRequest(midTier, "urn:ietf:params:oauth:grant-type:jwt-bearer", {
    assertion: stepped.access_token,
    requested_token_use: "on_behalf_of",
    scope: "https://graph.microsoft.com/User.ReadWrite",
  });
  assert.match(onBehalf.scope, /User\.ReadWrite/);

  const signOut = oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: redirectUri });
  assert.equal((await robot.callback(signOut.href, redirectUri)).href, redirectUri);
});

test("openid-client: device code", async () => {
  const user = await newUser();
  const config = await oidc.discovery(issuer, env.SANDBOX_CLIENT_ID, undefined, oidc.None());
  const device = await oidc.initiateDeviceAuthorization(config, { scope: "openid profile email User.Read" });
  const page = `${new URL(env.SANDBOX_MAILBOX).origin}/common/oauth2/deviceauth`;
  await new Robot(user).open(page, { userCode: device.user_code });
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, device);
  assert.equal(tokens.claims().email, user.email);
});
