// passport-azure-ad, unmodified: a web app that signs users in (OIDCStrategy) and an
// API that verifies their tokens (BearerStrategy). It accepts https addresses alone:
// the sandbox runs with --https, or with the host names of the real service.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import express from "express";
import session from "express-session";
import { Passport } from "passport";
import azure from "passport-azure-ad";
import { Robot } from "./robot.mjs";
import { authority, claimsOf, env, listen, newApp, newUser, parse } from "./sandbox.mjs";

const identityMetadata = `${authority}/v2.0/.well-known/openid-configuration`;
const loggingLevel = "error";

// webApp returns an app that signs users in for a scope, and shows what it got.
function webApp(client, origin, scope) {
  const passport = new Passport();
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  const strategy = new azure.OIDCStrategy(
    {
      identityMetadata,
      loggingLevel,
      clientID: client.id,
      clientSecret: client.secret,
      responseType: "code",
      responseMode: "form_post",
      redirectUrl: `${origin}/callback`,
      allowHttpForRedirectUrl: true, // as for every app on localhost
      scope: ["profile", "email", ...scope],
    },
    (iss, sub, profile, accessToken, refreshToken, done) => done(null, { iss, sub, profile, accessToken }),
  );
  passport.use(strategy);
  const app = express();
  app.use(session({ secret: randomBytes(16).toString("hex"), resave: false, saveUninitialized: true }));
  app.use(express.urlencoded({ extended: false }), passport.initialize(), passport.session());
  app.get("/sign-in", passport.authenticate("azuread-openidconnect", { failureRedirect: "/failed" }));
  app.post("/callback", passport.authenticate("azuread-openidconnect", { failureRedirect: "/failed" }), (_, res) =>
    res.redirect("/user"),
  );
  app.get("/user", (req, res) => res.json(req.user));
  return app;
}

// api returns an API that shows the claims of tokens for the mid-tier's scope.
function api() {
  const passport = new Passport();
  const options = {
    identityMetadata,
    loggingLevel,
    clientID: env.SANDBOX_MID_TIER_ID,
    scope: ["EditProfileService.ReadWrite"],
  };
  passport.use(new azure.BearerStrategy(options, (claims, done) => done(null, claims)));
  const app = express();
  app.get("/claims", passport.authenticate("oauth-bearer", { session: false }), (req, res) => res.json(req.user));
  return app;
}

// signIn signs a new user in to a new web app, and returns what the app got.
async function signIn(t, ...scope) {
  const { origin, server } = await listen(t);
  const client = await newApp({ redirectUris: [`${origin}/callback`] });
  server.on("request", webApp(client, origin, scope));
  const user = await newUser();
  const shown = await new Robot(user).open(`${origin}/sign-in`);
  return { user, ...parse(shown) };
}

test("passport-azure-ad: OIDCStrategy signs in", async (t) => {
  const { user, iss, profile, accessToken } = await signIn(t, "User.Read");
  assert.equal(profile._json.email, user.email);
  assert.equal(profile.displayName, "Casey Jensen");
  assert.ok(iss.endsWith(`/${env.SANDBOX_TENANT_ID}/v2.0`));
  assert.match(claimsOf(accessToken).scp, /User\.Read/);
});

test("passport-azure-ad: BearerStrategy accepts the mid-tier's tokens only", async (t) => {
  const { origin, server } = await listen(t);
  server.on("request", api());
  const call = (token) => fetch(`${origin}/claims`, { headers: { authorization: `Bearer ${token}` } });

  const edit = await signIn(t, env.SANDBOX_EDIT_SCOPE);
  const accepted = await call(edit.accessToken);
  assert.equal(accepted.status, 200);
  assert.equal((await accepted.json()).scp, "EditProfileService.ReadWrite");

  const read = await signIn(t, "User.Read");
  const [header, claims, signature] = edit.accessToken.split(".");
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(edit.accessToken), name: "Eve" })).toString("base64url");
  for (const token of [read.accessToken, `${header}.${forged}.${signature}`, `${header}.${claims}.`]) {
    assert.equal((await call(token)).status, 401);
  }
});
