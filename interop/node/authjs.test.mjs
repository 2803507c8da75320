// @auth/express with its provider for Entra, unmodified. The provider reads the
// user's photo at https://graph.microsoft.com, an address that it does not let
// the app choose: the sandbox runs with the host names of the real service.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ExpressAuth, getSession } from "@auth/express";
import MicrosoftEntraID from "@auth/express/providers/microsoft-entra-id";
import express from "express";
import { Robot } from "./robot.mjs";
import { authority, listen, newApp, newUser, parse } from "./sandbox.mjs";

test("@auth/express: sign-in, session", async (t) => {
  const { origin, server } = await listen(t);
  const client = await newApp({ redirectUris: [`${origin}/auth/callback/microsoft-entra-id`] });
  const provider = MicrosoftEntraID({
    clientId: client.id,
    clientSecret: client.secret,
    issuer: `${authority}/v2.0`,
  });
  const secret = randomBytes(32).toString("hex");
  const config = { providers: [provider], secret, trustHost: true, basePath: "/auth" };
  const app = express();
  app.use("/auth", ExpressAuth(config));
  app.get("/", async (req, res) => res.json(await getSession(req, config)));
  server.on("request", app);

  const user = await newUser();
  const robot = new Robot(user);
  assert.equal(await robot.open(origin), "null");
  const { csrfToken } = parse(await robot.open(`${origin}/auth/csrf`));
  const page = await robot.submit(`${origin}/auth/signin/microsoft-entra-id`, { csrfToken, callbackUrl: origin });
  const { user: shown } = parse(page);
  assert.equal(shown.email, user.email);
  assert.equal(shown.name, "Casey Jensen");
});
