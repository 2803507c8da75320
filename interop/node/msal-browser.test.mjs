// MSAL Browser, unmodified, in Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { enterCode, enterPassword, newPage, startChromium } from "./chromium.mjs";
import { authority, claimsOf, control, env, graph, listen, newApp, newUser } from "./sandbox.mjs";
import { newSPA } from "./spa.mjs";

const browser = await startChromium();
const read = ["User.Read"];
const edit = [env.SANDBOX_EDIT_SCOPE];

// startSPA starts the application, registered with the given redirect URIs, and
// returns its origin.
async function startSPA(t, register = (uri) => ({ spaRedirectUris: [uri, new URL("/", uri).href] })) {
  const { origin, server } = await listen(t);
  const client = await newApp(register(`${origin}/redirect`));
  const knownAuthorities = [new URL(authority).host];
  server.on("request", newSPA({ auth: { clientId: client.id, authority, knownAuthorities } }));
  return origin;
}

// call calls a method of MSAL in the page, and returns its result. It throws the error
// of MSAL.
async function call(page, method, request) {
  const { result, error } = await page.evaluate(
    async ([method, request]) => {
      const { client } = await started;
      try {
        return { result: await client[method](request) };
      } catch (error) {
        return { error: { ...error, name: error.name, message: error.message } };
      }
    },
    [method, request],
  );
  if (error) throw Object.assign(new Error(error.message), error);
  return result;
}

// leave calls a method of MSAL that leaves the page.
const leave = (page, method, request) =>
  page.evaluate(
    ([method, request]) => {
      window.left = true;
      started.then(({ client }) => client[method](request));
    },
    [method, request],
  );

// returned waits until the user is back in the application, and returns the response.
async function returned(page, origin) {
  const loaded = (origin) =>
    location.origin === origin && location.pathname === "/" && !window.left && typeof started !== "undefined";
  await page.waitForFunction(loaded, origin);
  return page.evaluate(async () => (await started).response);
}

// send sends a request from the page, and returns what its script may read.
const send = (page, url, token, method = "GET", body = undefined) =>
  page.evaluate(
    async ([url, token, method, body]) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const res = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
      const text = await res.text();
      return { status: res.status, challenge: res.headers.get("www-authenticate"), body: text && JSON.parse(text) };
    },
    [url, token, method, body],
  );

const sendEdit = (page, midTier, token, change) => send(page, `${midTier}/updateUserInfo`, token, "POST", change);

// startServe starts a mid-tier of the tenant with its own settings, and returns its
// address.
async function startServe(t, ...flags) {
  const server = spawn(env.PROFILECTL, ["serve", "--listen", "localhost:0", "--admin-listen", "localhost:0", ...flags]);
  t.after(() => server.kill());
  for await (const line of createInterface({ input: server.stderr })) {
    const { msg, address } = JSON.parse(line);
    if (msg === "serving") return `http://localhost:${address.match(/:(\d+)/)[1]}`;
  }
  throw new Error("the mid-tier did not start");
}

// signIn opens the application and signs in with a redirect.
async function signIn(t, origin, user) {
  const page = await newPage(t, browser);
  await page.goto(origin);
  await leave(page, "loginRedirect", { scopes: read });
  await enterPassword(page, user);
  return { page, response: await returned(page, origin) };
}

// popup acquires a token in a popup, in which the user does what it takes.
async function popup(page, request, act) {
  const opened = page.waitForEvent("popup");
  const [response] = await Promise.all([call(page, "acquireTokenPopup", request), opened.then(act)]);
  return response;
}

test("MSAL Browser: redirect, silent acquisition, Graph, step-up in a popup, edit, sign-out", async (t) => {
  const origin = await startSPA(t);
  const user = await newUser();
  const { page, response } = await signIn(t, origin, user);
  const { account } = response;
  assert.equal(account.username, user.email);

  const cached = await call(page, "acquireTokenSilent", { scopes: read, account });
  assert.equal(cached.fromCache, true);
  const renewed = await call(page, "acquireTokenSilent", { scopes: read, account, forceRefresh: true });
  assert.notEqual(renewed.accessToken, cached.accessToken);
  const me = await send(page, `${graph}/v1.0/me`, renewed.accessToken);
  assert.equal(me.body.displayName, "Casey Jensen");

  const silent = call(page, "acquireTokenSilent", { scopes: edit, account });
  const challenge = await silent.then(assert.fail, (error) => error);
  assert.equal(challenge.name, "InteractionRequiredAuthError");
  assert.match(challenge.message, /AADSTS50076/);
  assert.match(challenge.claims, /capolids/);
  const request = { scopes: edit, account, claims: challenge.claims };
  const stepped = await popup(page, request, (window) => enterCode(window, user));
  assert.equal(claimsOf(stepped.accessToken).scp, "EditProfileService.ReadWrite");

  const edited = await sendEdit(page, env.SANDBOX_MID_TIER, stepped.accessToken, { displayName: "Ada L." });
  assert.equal(edited.status, 204);
  const users = await control("GET", "/users");
  assert.equal(users.find(({ email }) => email === user.email).name, "Ada L.");
  const again = await call(page, "acquireTokenSilent", { scopes: edit, account, forceRefresh: true });
  assert.equal((await sendEdit(page, env.SANDBOX_MID_TIER, again.accessToken, { city: "Bern" })).status, 204);

  await leave(page, "logoutRedirect", { account, postLogoutRedirectUri: `${origin}/` });
  await returned(page, origin);
  assert.deepEqual(await call(page, "getAllAccounts"), []);
  await assert.rejects(call(page, "ssoSilent", { scopes: read, loginHint: user.email }), /AADSTS50058/);
});

test("MSAL Browser: single sign-on in another tab, without a word to the user", async (t) => {
  const origin = await startSPA(t);
  const user = await newUser();
  const { page } = await signIn(t, origin, user);
  const tab = await page.context().newPage();
  await tab.goto(origin);
  const sso = await call(tab, "ssoSilent", { scopes: read, loginHint: user.email });
  assert.equal(sso.account.username, user.email);

  const stranger = await newPage(t, browser);
  await stranger.goto(origin);
  await assert.rejects(call(stranger, "ssoSilent", { scopes: read, loginHint: user.email }), /AADSTS50058/);
});

test("MSAL Browser: a claims challenge of the mid-tier", async (t) => {
  const origin = await startSPA(t);
  const midTier = await startServe(t, "--allow-origin", origin, "--require-auth-context", "c1");
  const user = await newUser();
  const { page, response } = await signIn(t, origin, user);
  const { account } = response;
  const first = await popup(page, { scopes: edit, account }, (window) => enterCode(window, user));

  const refused = await sendEdit(page, midTier, first.accessToken, { city: "Bern" });
  assert.equal(refused.status, 401);
  const claims = atob(refused.challenge.match(/claims="([^"]+)"/)[1]);
  assert.deepEqual(JSON.parse(claims).access_token.acrs, { essential: true, value: "c1" });
  await leave(page, "acquireTokenRedirect", { scopes: edit, account, claims });
  const second = await returned(page, origin);
  assert.equal((await sendEdit(page, midTier, second.accessToken, { city: "Bern" })).status, 204);
});

// Both are frequent mistakes in registrations.
test("MSAL Browser: a redirect URI of a web app, and an unregistered one", async (t) => {
  const user = await newUser();
  const web = await startSPA(t, (uri) => ({ redirectUris: [uri] }));
  const page = await newPage(t, browser);
  await page.goto(web);
  await leave(page, "loginRedirect", { scopes: read });
  await enterPassword(page, user);
  await assert.rejects(returned(page, web), /9002326/);

  const unknown = await startSPA(t, (uri) => ({ spaRedirectUris: [`${uri}/other`] }));
  await page.goto(unknown);
  await leave(page, "loginRedirect", { scopes: read });
  await page.waitForSelector("text=AADSTS50011");
});
