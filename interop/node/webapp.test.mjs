// The web app of Microsoft's how-to, in Chromium, with `profilectl serve` as its
// mid-tier.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enterCode, enterPassword, newPage, startChromium } from "./chromium.mjs";
import { authority, control, env, graph, listen, newApp, newUser } from "./sandbox.mjs";
import { newWebApp } from "./webapp.mjs";

const realNames = Boolean(env.INTEROP_AUTHORITY);
const browser = await startChromium({ realNames });

// startWebApp starts the app as a registered client, and returns its origin.
async function startWebApp(t) {
  const { origin, server } = await listen(t);
  const client = await newApp({ redirectUris: [`${origin}/auth/redirect`, origin] });
  const app = newWebApp({
    auth: {
      clientId: client.id,
      clientSecret: client.secret,
      authority,
      knownAuthorities: realNames ? [] : [new URL(authority).host],
    },
    origin,
    editScope: env.SANDBOX_EDIT_SCOPE,
    graph,
    midTier: env.SANDBOX_MID_TIER,
  });
  server.on("request", app);
  return origin;
}

test("the how-to's web app in Chromium: second factor at Save, edit, sign-out", async (t) => {
  const origin = await startWebApp(t);
  const user = await newUser();
  const page = await newPage(t, browser);

  await page.goto(origin);
  await page.click("#sign-in-link");
  await enterPassword(page, user);
  assert.equal(await page.textContent("#account"), user.email);

  await page.click("#edit"); // one token request with two scopes: a token for Graph, no second factor
  assert.equal(await page.inputValue("[name=displayName]"), "Casey Jensen");
  await page.fill("[name=displayName]", "Ada L.");
  await page.fill("[name=surname]", "Lovelace");
  await page.click("#profile button");
  await enterCode(page, user);

  assert.equal(await page.inputValue("[name=displayName]"), "Ada L.");
  await page.click("#profile button"); // now the session has the token
  assert.equal(await page.textContent("#saved"), "1");
  const users = await control("GET", "/users");
  assert.equal(users.find(({ email }) => email === user.email).name, "Ada L.");

  await page.click("#edit");
  await page.fill("[name=givenName]", "Ada");
  await page.click("#profile button"); // a second edit needs no second factor
  assert.equal(await page.textContent("#saved"), "2");

  await page.click("#sign-out");
  await page.click("#sign-in-link");
  await page.waitForSelector("#sign-in #email"); // the sign-in pages ask again
});
