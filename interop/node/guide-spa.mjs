// Serves the single-page app of docs/how-to/test-a-single-page-app.md as Vite would, and uses it in
// Chromium. docs.test.mjs runs it with the app's files in GUIDE and its port in PORT.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { test } from "node:test";
import { enterCode, enterPassword, newPage, startChromium } from "./chromium.mjs";
import { control, env, newUser } from "./sandbox.mjs";

const browser = await startChromium();
const library = new URL("node_modules/@azure/msal-browser/lib/", import.meta.url);

// bundled returns a module with the exports of a library that sets a global variable.
const bundled = (file, name, ...exports) =>
  `${readFileSync(new URL(file, library))}\nexport const { ${exports} } = globalThis.${name};`;

const modules = { imports: { "@azure/msal-browser": "/msal.js", "@azure/msal-browser/redirect-bridge": "/bridge.js" } };
const head = `<!doctype html><script type="importmap">${JSON.stringify(modules)}</script>`;
const read = (name) => readFileSync(`${env.GUIDE}/${name}`, "utf8");
const variables = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("VITE_")));
const withVariables = (code) => code.replaceAll("import.meta.env", JSON.stringify(variables));

const files = {
  "/": ["text/html", () => `${head}<script type="module">window.app = await import("/main.js")</script>`],
  "/redirect.html": ["text/html", () => head + read("redirect.html")],
  "/main.js": ["text/javascript", () => withVariables(read("main.js"))],
  "/msal.js": [
    "text/javascript",
    () => bundled("msal-browser.js", "msal", "createStandardPublicClientApplication", "InteractionRequiredAuthError"),
  ],
  "/bridge.js": [
    "text/javascript",
    () => bundled("redirect-bridge/msal-redirect-bridge.js", "msalRedirectBridge", "broadcastResponseToMainFrame"),
  ],
};

test("the app of the guide: sign-in, profile, second factor, edit", async (t) => {
  const server = http.createServer((req, res) => {
    const [type, content] = files[new URL(req.url, "http://localhost").pathname] ?? ["text/plain", () => ""];
    res.setHeader("content-type", type).end(content());
  });
  await new Promise((resolve) => server.listen(env.PORT, "localhost", resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());

  const user = await newUser();
  const page = await newPage(t, browser);
  await page.goto(`http://localhost:${env.PORT}/`);
  await page.waitForFunction(() => window.app);
  const popup = page.waitForEvent("popup");
  const signedIn = page.evaluate(async () => void (await app.signIn()));
  await enterPassword(await popup, user);
  await signedIn;
  assert.equal((await page.evaluate(() => app.readProfile())).displayName, "Casey Jensen");

  const second = page.waitForEvent("popup");
  const edited = page.evaluate(async () => (await app.editProfile({ displayName: "Ada L." })).status);
  await enterCode(await second, user);
  assert.equal(await edited, 204);
  const users = await control("GET", "/users");
  assert.equal(users.find(({ email }) => email === user.email).name, "Ada L.");
});
