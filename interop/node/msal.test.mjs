// MSAL Node, unmodified, as a public and as a confidential client of the
// sandbox. Run it with: profilectl sandbox exec -- node --test
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfidentialClientApplication, InteractionRequiredAuthError, PublicClientApplication } from "@azure/msal-node";
import { Person } from "./person.mjs";

const env = process.env;
const authority = env.INTEROP_AUTHORITY ?? env.SANDBOX_AUTHORITY;
const graph = env.INTEROP_GRAPH ?? env.SANDBOX_GRAPH;
const knownAuthorities = [new URL(authority).host];
const read = ["User.Read"], edit = [env.SANDBOX_EDIT_SCOPE], write = ["https://graph.microsoft.com/User.ReadWrite"];

const publicClient = (more = {}) => new PublicClientApplication({ auth: { clientId: env.SANDBOX_CLIENT_ID, authority, knownAuthorities, clientCapabilities: ["CP1"], ...more } });
const confidential = (clientId, clientSecret) => new ConfidentialClientApplication({ auth: { clientId, clientSecret, authority, knownAuthorities } });
const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
const refused = (number) => (error) => { assert.match(`${error.errorMessage} ${error.message}`, new RegExp(`AADSTS${number}\\b`)); return true; };

async function signIn(client, request, person = new Person()) {
  return client.acquireTokenInteractive({ openBrowser: (url) => { person.open(url).catch(() => {}); return Promise.resolve(); }, ...request });
}

test("public client: sign-in, silent, refusal with claims, step-up, edit", async () => {
  const client = publicClient(), person = new Person();
  const first = await signIn(client, { scopes: read }, person);
  assert.equal(first.account.username, env.SANDBOX_USER);
  assert.equal(claimsOf(first.accessToken).aud, "00000003-0000-0000-c000-000000000000");
  const again = await client.acquireTokenSilent({ scopes: read, account: first.account });
  assert.equal(again.fromCache, true);
  const renewed = await client.acquireTokenSilent({ scopes: read, account: first.account, forceRefresh: true });
  assert.notEqual(renewed.accessToken, first.accessToken);

  const challenge = await client.acquireTokenSilent({ scopes: edit, account: first.account }).then(() => assert.fail("no second factor was asked for"), (error) => error);
  assert.ok(challenge instanceof InteractionRequiredAuthError, `${challenge}`);
  assert.match(challenge.claims, /capolids/);
  refused(50076)(challenge);

  const stepped = await signIn(client, { scopes: edit, claims: challenge.claims, loginHint: first.account.username }, person);
  assert.equal(stepped.account.homeAccountId, first.account.homeAccountId);
  assert.equal(claimsOf(stepped.accessToken).scp, "EditProfileService.ReadWrite");
  await client.acquireTokenSilent({ scopes: edit, account: first.account, forceRefresh: true });

  if (env.INTEROP_AUTHORITY) return; // the mid-tier knows the tenant under its other name
  const res = await fetch(`${env.SANDBOX_MID_TIER}/updateUserInfo`, {
    method: "POST", headers: { authorization: `Bearer ${stepped.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ displayName: "Ada L.", givenName: "Ada", surname: "Lovelace" }), // as the how-to's app sends it
  });
  assert.equal(res.status, 204);
  const me = await (await fetch(`${graph}/v1.0/me`, { headers: { authorization: `Bearer ${first.accessToken}` } })).json();
  assert.deepEqual([me.displayName, me.givenName, me.surname], ["Ada L.", "Ada", "Lovelace"]);
});

test("public client: device code", async () => {
  const result = await publicClient().acquireTokenByDeviceCode({
    scopes: read,
    deviceCodeCallback: ({ userCode }) => { new Person().open(`${new URL(env.SANDBOX_MAILBOX).origin}/common/oauth2/deviceauth`, { userCode }).catch(() => {}); },
  });
  assert.equal(result.account.username, env.SANDBOX_USER);
});

test("confidential client: On-Behalf-Of, and what is refused", async () => {
  const person = new Person(), client = publicClient();
  const first = await signIn(client, { scopes: read }, person);
  const stepped = await signIn(client, { scopes: edit, account: first.account }, person);
  const midTier = confidential(env.SANDBOX_MID_TIER_ID, env.SANDBOX_MID_TIER_SECRET);
  const onBehalf = await midTier.acquireTokenOnBehalfOf({ oboAssertion: stepped.accessToken, scopes: write });
  assert.match(claimsOf(onBehalf.accessToken).scp, /User\.ReadWrite/);
  const patched = await fetch(`${graph}/v1.0/me`, { method: "PATCH", headers: { authorization: `Bearer ${onBehalf.accessToken}`, "content-type": "application/json" }, body: '{"city":"Bern"}' });
  assert.equal(patched.status, 204);

  await assert.rejects(midTier.acquireTokenOnBehalfOf({ oboAssertion: first.accessToken, scopes: write, skipCache: true }), refused(500131));
  await assert.rejects(confidential(env.SANDBOX_MID_TIER_ID, "wrong").acquireTokenOnBehalfOf({ oboAssertion: stepped.accessToken, scopes: write }), refused(7000215));
  await assert.rejects(midTier.acquireTokenByClientCredential({ scopes: ["https://graph.microsoft.com/User.Read"] }), refused(1002012));
  const app = await confidential(env.SANDBOX_WEB_CLIENT_ID, env.SANDBOX_WEB_CLIENT_SECRET).acquireTokenByClientCredential({ scopes: [`api://${env.SANDBOX_MID_TIER_ID}/.default`] });
  await assert.rejects(midTier.acquireTokenOnBehalfOf({ oboAssertion: app.accessToken, scopes: write, skipCache: true }), refused(5000224));
});

test("the how-to's web app: code and PKCE with a secret, then the edit scope, then sign-out", async () => {
  const web = confidential(env.SANDBOX_WEB_CLIENT_ID, env.SANDBOX_WEB_CLIENT_SECRET), person = new Person();
  const redirectUri = "http://localhost:3000/auth/redirect";
  const pkce = { verifier: "a".repeat(50), challenge: Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from("a".repeat(50)))).toString("base64url") };
  const visit = async (scopes, more = {}) => {
    const url = await web.getAuthCodeUrl({ scopes, redirectUri, responseMode: "form_post", codeChallenge: pkce.challenge, codeChallengeMethod: "S256", state: "s", ...more });
    const answer = await person.open(url, { keep: true });
    assert.equal(answer.state, "s");
    return web.acquireTokenByCode({ code: answer.code, scopes, redirectUri, codeVerifier: pkce.verifier });
  };
  const first = await visit(read);
  assert.equal(first.account.username, env.SANDBOX_USER);
  const challenge = await web.acquireTokenSilent({ scopes: edit, account: first.account }).catch((error) => error);
  assert.ok(challenge instanceof InteractionRequiredAuthError, `${challenge}`);
  const stepped = await visit(edit, { claims: challenge.claims });
  assert.equal(claimsOf(stepped.accessToken).scp, "EditProfileService.ReadWrite");

  const signOut = (back) => fetch(`${authority}/oauth2/v2.0/logout?post_logout_redirect_uri=${encodeURIComponent(back)}`, { redirect: "manual" })
    .then((res) => (res.status === 307 ? fetch(res.headers.get("location"), { redirect: "manual" }) : res)); // to where the pages are
  assert.equal((await signOut("http://localhost:3000")).headers.get("location"), "http://localhost:3000");
  const elsewhere = await signOut("https://evil.example");
  assert.equal(elsewhere.headers.get("location"), null);
  assert.match(await elsewhere.text(), /AADSTS50068/);
});
