// A single-page application with MSAL Browser from its package. Its pages run no other
// code: the tests call MSAL in the browser.
import { fileURLToPath } from "node:url";
import express from "express";

const library = fileURLToPath(new URL("../", import.meta.resolve("@azure/msal-browser"))) + "lib/";

// newSPA returns the application for a client: its page, and the page that the user
// returns to, which passes the response on.
export function newSPA(config) {
  const app = express();
  app.get("/msal.js", (_, res) => res.sendFile(`${library}msal-browser.min.js`));
  app.get("/bridge.js", (_, res) => res.sendFile(`${library}redirect-bridge/msal-redirect-bridge.min.js`));
  app.get("/redirect", (_, res) =>
    res.send('<script src="/bridge.js"></script><script>msalRedirectBridge.broadcastResponseToMainFrame()</script>'),
  );
  app.get("/", (_, res) =>
    res.send(`<title>SPA</title><script src="/msal.js"></script><script>
const config = ${JSON.stringify(config)};
const start = async () => {
  const client = await msal.createStandardPublicClientApplication({
    auth: { ...config.auth, redirectUri: location.origin + "/redirect" },
    cache: { cacheLocation: "sessionStorage" },
  });
  return { client, response: await client.handleRedirectPromise() };
};
const started = start();
</script>`),
  );
  return app;
}
