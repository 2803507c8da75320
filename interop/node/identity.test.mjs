// @azure/identity and the Microsoft Graph client, unmodified. Version 4.13.1 of
// @azure/identity is the last that runs on Node.js 20.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  ClientSecretCredential,
  DeviceCodeCredential,
  InteractiveBrowserCredential,
  OnBehalfOfCredential,
} from "@azure/identity";
import { Client } from "@microsoft/microsoft-graph-client";
import * as azureTokens from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { Robot } from "./robot.mjs";
import { authority, claimsOf, env, graph, newUser } from "./sandbox.mjs";

// As for every authority that Microsoft's directory of clouds does not list.
const options = { authorityHost: new URL(authority).origin, disableInstanceDiscovery: true };

// newDeviceCredential returns a credential of the public client, for a new user.
async function newDeviceCredential(user) {
  return new DeviceCodeCredential({
    ...options,
    tenantId: env.SANDBOX_TENANT_ID,
    clientId: env.SANDBOX_CLIENT_ID,
    userPromptCallback: async ({ userCode }) => {
      const page = `${new URL(env.SANDBOX_MAILBOX).origin}/common/oauth2/deviceauth`;
      await new Robot(user).open(page, { userCode });
    },
  });
}

// newGraphClient returns a client of the tenant's Graph.
const newGraphClient = (credential, ...scopes) =>
  Client.initWithMiddleware({
    baseUrl: `${graph}/`,
    customHosts: new Set([new URL(graph).hostname]),
    authProvider: new azureTokens.TokenCredentialAuthenticationProvider(credential, { scopes }),
  });

test("@azure/identity and the Graph client: device code, On-Behalf-Of, edit", async () => {
  const user = await newUser();
  const credential = await newDeviceCredential(user);
  const reader = newGraphClient(credential, "https://graph.microsoft.com/User.Read");
  const me = await reader.api("/me").select(["id", "displayName", "mail"]).get();
  assert.equal(me.displayName, "Casey Jensen");

  const edit = await credential.getToken(env.SANDBOX_EDIT_SCOPE); // asks for the code of the second factor
  const writer = new OnBehalfOfCredential({
    ...options,
    tenantId: env.SANDBOX_TENANT_ID,
    clientId: env.SANDBOX_MID_TIER_ID,
    clientSecret: env.SANDBOX_MID_TIER_SECRET,
    userAssertionToken: edit.token,
  });
  const graphOfMidTier = newGraphClient(writer, "https://graph.microsoft.com/User.ReadWrite");
  await graphOfMidTier.api("/me").patch({ city: "Bern", jobTitle: "Poet" });
  assert.equal((await graphOfMidTier.api("/me").select("city").get()).city, "Bern");
  await assert.rejects(graphOfMidTier.api("/me").patch({ userType: "Guest" }), (error) => error.statusCode === 403);
  await assert.rejects(reader.api("/me").patch({ city: "Basel" }), (error) => error.statusCode === 403);
  await assert.rejects(reader.api("/me/messages").get(), (error) => error.statusCode >= 400);
});

test("@azure/identity: client secret", async () => {
  const newCredential = (secret) =>
    new ClientSecretCredential(env.SANDBOX_TENANT_ID, env.SANDBOX_WEB_CLIENT_ID, secret, options);
  const scope = `api://${env.SANDBOX_MID_TIER_ID}/.default`;
  const { token } = await newCredential(env.SANDBOX_WEB_CLIENT_SECRET).getToken(scope);
  assert.equal(claimsOf(token).aud, env.SANDBOX_MID_TIER_ID);
  await assert.rejects(newCredential("wrong").getToken(scope), /AADSTS7000215/);
});

test("@azure/identity: interactive browser", async () => {
  const user = await newUser();
  const browser = {
    BROWSER: fileURLToPath(new URL("open-url.mjs", import.meta.url)),
    XDG_CURRENT_DESKTOP: "X-Generic", // xdg-open then starts what BROWSER names
    INTEROP_EMAIL: user.email,
    INTEROP_PASSWORD: user.password,
  };
  Object.assign(env, browser);
  const credential = new InteractiveBrowserCredential({
    ...options,
    tenantId: env.SANDBOX_TENANT_ID,
    clientId: env.SANDBOX_CLIENT_ID,
    redirectUri: "http://localhost",
  });
  const scope = "https://graph.microsoft.com/User.Read";
  assert.equal((await credential.authenticate(scope)).username, user.email);
  assert.equal((await newGraphClient(credential, scope).api("/me").get()).displayName, "Casey Jensen");
});
