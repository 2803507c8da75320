// MSAL Node, unmodified, as a public and as a confidential client of the sandbox.
// Run it with: profilectl sandbox exec -- node --test
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfidentialClientApplication, InteractionRequiredAuthError, PublicClientApplication } from "@azure/msal-node";
import { Robot } from "./robot.mjs";
import { authority, claimsOf, env, graph, newUser } from "./sandbox.mjs";

const knownAuthorities = [new URL(authority).host];

// The scopes to read a profile, to call the mid-tier, and to change a profile in Graph.
const read = ["User.Read"];
const edit = [env.SANDBOX_EDIT_SCOPE];
const write = ["https://graph.microsoft.com/User.ReadWrite"];

const newPublicClient = () =>
  new PublicClientApplication({
    auth: { clientId: env.SANDBOX_CLIENT_ID, authority, knownAuthorities, clientCapabilities: ["CP1"] },
  });

const newConfidentialClient = (clientId, clientSecret) =>
  new ConfidentialClientApplication({ auth: { clientId, clientSecret, authority, knownAuthorities } });

// isError returns a validation function for assert.rejects that expects an AADSTS code.
const isError = (code) => (error) => {
  assert.match(`${error.errorMessage} ${error.message}`, new RegExp(`AADSTS${code}\\b`));
  return true;
};

// signIn acquires a token with a robot as the browser.
function signIn(client, request, robot) {
  return client.acquireTokenInteractive({
    openBrowser: async (url) => {
      robot.open(url).catch(() => {}); // if the robot fails, the test times out
    },
    ...request,
  });
}

// stepUpError acquires a token for the edit scope without user interaction, and returns
// the error that asks for a second factor.
async function stepUpError(client, account) {
  try {
    await client.acquireTokenSilent({ scopes: edit, account });
  } catch (error) {
    assert.ok(error instanceof InteractionRequiredAuthError, `${error}`);
    return error;
  }
  assert.fail("the edit scope needed no second factor");
}

test("public client: sign-in, silent acquisition, step-up with claims, edit", async () => {
  const client = newPublicClient();
  const user = await newUser();
  const robot = new Robot(user);
  const first = await signIn(client, { scopes: read }, robot);
  assert.equal(first.account.username, user.email);
  assert.equal(claimsOf(first.accessToken).aud, "00000003-0000-0000-c000-000000000000");
  const cached = await client.acquireTokenSilent({ scopes: read, account: first.account });
  assert.equal(cached.fromCache, true);
  const renewed = await client.acquireTokenSilent({ scopes: read, account: first.account, forceRefresh: true });
  assert.notEqual(renewed.accessToken, first.accessToken);

  const challenge = await stepUpError(client, first.account);
  assert.match(challenge.claims, /capolids/);
  isError(50076)(challenge);

  const stepUp = { scopes: edit, claims: challenge.claims, loginHint: first.account.username };
  const stepped = await signIn(client, stepUp, robot);
  assert.equal(stepped.account.homeAccountId, first.account.homeAccountId);
  assert.equal(claimsOf(stepped.accessToken).scp, "EditProfileService.ReadWrite");
  await client.acquireTokenSilent({ scopes: edit, account: first.account, forceRefresh: true });

  const res = await fetch(`${env.SANDBOX_MID_TIER}/updateUserInfo`, {
    method: "POST",
    headers: { authorization: `Bearer ${stepped.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ displayName: "Ada L.", givenName: "Ada", surname: "Lovelace" }), // as in the how-to's app
  });
  assert.equal(res.status, 204);
  const me = await fetch(`${graph}/v1.0/me`, { headers: { authorization: `Bearer ${first.accessToken}` } });
  const { displayName, givenName, surname } = await me.json();
  assert.deepEqual([displayName, givenName, surname], ["Ada L.", "Ada", "Lovelace"]);
});

test("public client: device code", async () => {
  const user = await newUser();
  const page = `${new URL(env.SANDBOX_MAILBOX).origin}/common/oauth2/deviceauth`;
  const result = await newPublicClient().acquireTokenByDeviceCode({
    scopes: read,
    deviceCodeCallback: ({ userCode }) => {
      new Robot(user).open(page, { userCode }).catch(() => {}); // if the robot fails, the test times out
    },
  });
  assert.equal(result.account.username, user.email);
});

test("confidential client: On-Behalf-Of, and rejected requests", async () => {
  const user = await newUser();
  const robot = new Robot(user);
  const client = newPublicClient();
  const first = await signIn(client, { scopes: read }, robot);
  const stepped = await signIn(client, { scopes: edit, account: first.account }, robot);
  const midTier = newConfidentialClient(env.SANDBOX_MID_TIER_ID, env.SANDBOX_MID_TIER_SECRET);
  const exchange = (oboAssertion, by = midTier) =>
    by.acquireTokenOnBehalfOf({ oboAssertion, scopes: write, skipCache: true });

  const onBehalf = await midTier.acquireTokenOnBehalfOf({ oboAssertion: stepped.accessToken, scopes: write });
  assert.match(claimsOf(onBehalf.accessToken).scp, /User\.ReadWrite/);
  const patched = await fetch(`${graph}/v1.0/me`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${onBehalf.accessToken}`, "content-type": "application/json" },
    body: '{"city":"Bern"}',
  });
  assert.equal(patched.status, 204);

  await assert.rejects(exchange(first.accessToken), isError(500131));
  const wrongSecret = newConfidentialClient(env.SANDBOX_MID_TIER_ID, "wrong");
  await assert.rejects(exchange(stepped.accessToken, wrongSecret), isError(7000215));
  const userRead = { scopes: ["https://graph.microsoft.com/User.Read"] };
  await assert.rejects(midTier.acquireTokenByClientCredential(userRead), isError(1002012));
  const web = newConfidentialClient(env.SANDBOX_WEB_CLIENT_ID, env.SANDBOX_WEB_CLIENT_SECRET);
  const appOnly = await web.acquireTokenByClientCredential({ scopes: [`api://${env.SANDBOX_MID_TIER_ID}/.default`] });
  await assert.rejects(exchange(appOnly.accessToken), isError(7000114));
});

test("the how-to's web app: code and PKCE with a secret, the edit scope, sign-out", async () => {
  const web = newConfidentialClient(env.SANDBOX_WEB_CLIENT_ID, env.SANDBOX_WEB_CLIENT_SECRET);
  const user = await newUser();
  const robot = new Robot(user);
  const redirectUri = "http://localhost:3000/auth/redirect";
  const codeVerifier = "a".repeat(50);
  const digest = await crypto.subtle.digest("SHA-256", Buffer.from(codeVerifier));
  const codeChallenge = Buffer.from(digest).toString("base64url");
  const visit = async (scopes, more = {}) => {
    const url = await web.getAuthCodeUrl({
      scopes,
      redirectUri,
      responseMode: "form_post",
      codeChallenge,
      codeChallengeMethod: "S256",
      state: "s",
      ...more,
    });
    const response = await robot.open(url, { keep: true });
    assert.equal(response.state, "s");
    return web.acquireTokenByCode({ code: response.code, scopes, redirectUri, codeVerifier });
  };

  const first = await visit(read);
  assert.equal(first.account.username, user.email);
  const challenge = await stepUpError(web, first.account);
  const stepped = await visit(edit, { claims: challenge.claims });
  assert.equal(claimsOf(stepped.accessToken).scp, "EditProfileService.ReadWrite");

  const signOut = async (returnTo) => {
    const query = new URLSearchParams({ post_logout_redirect_uri: returnTo });
    const res = await fetch(`${authority}/oauth2/v2.0/logout?${query}`, { redirect: "manual" });
    if (res.status !== 307) return res;
    return fetch(res.headers.get("location"), { redirect: "manual" }); // the pages are on another origin
  };
  assert.equal((await signOut("http://localhost:3000")).headers.get("location"), "http://localhost:3000");
  const elsewhere = await signOut("https://evil.example");
  assert.equal(elsewhere.headers.get("location"), null);
  assert.match(await elsewhere.text(), /You signed out of your account/);
});
