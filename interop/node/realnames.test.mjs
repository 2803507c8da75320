// The host names of the real service, in the forms that clients accept and reject.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PublicClientApplication } from "@azure/msal-node";
import * as oidc from "openid-client";
import { env } from "./sandbox.mjs";

const tenantId = env.SANDBOX_TENANT_ID;

// AzureAD/microsoft-authentication-library-for-js#8592: the issuer is at the tenant's ID,
// whatever the authority is.
test("MSAL Node: an authority at the subdomain needs the tenant's ID in its path", async () => {
  const newUrl = (authority) =>
    new PublicClientApplication({ auth: { clientId: env.SANDBOX_CLIENT_ID, authority } }).getAuthCodeUrl({
      scopes: ["User.Read"],
      redirectUri: "http://localhost",
    });
  for (const host of ["contoso", tenantId]) {
    const url = await newUrl(`https://${host}.ciamlogin.com/${tenantId}`);
    assert.ok(url.startsWith(`https://${host}.ciamlogin.com/${tenantId}/oauth2/v2.0/authorize?`));
  }
  for (const path of ["", "contoso.onmicrosoft.com"]) {
    await assert.rejects(newUrl(`https://contoso.ciamlogin.com/${path}`), /endpoints_resolution_error/);
  }
});

test("openid-client: the issuer is not at the subdomain", async () => {
  const discover = (host) =>
    oidc.discovery(new URL(`https://${host}.ciamlogin.com/${tenantId}/v2.0`), env.SANDBOX_CLIENT_ID);
  await discover(tenantId);
  await assert.rejects(discover("contoso"), /issuer does not match/);
});
