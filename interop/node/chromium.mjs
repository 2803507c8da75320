// A headless Chromium, used by one user. It trusts the sandbox's CA in its own
// profile, and checks certificates as always.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { env, newestCode } from "./sandbox.mjs";

// executablePath returns the path of the installed browser.
export function executablePath() {
  const found = execFileSync("sh", ["-c", "command -v chromium || command -v google-chrome"], { encoding: "utf8" });
  return found.trim();
}

// newHome creates a home directory whose certificate store has the sandbox's CA.
function newHome() {
  const home = mkdtempSync(join(tmpdir(), "interop-"));
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  const certutil = (...args) => execFileSync("certutil", ["-d", `sql:${store}`, ...args]);
  certutil("-N", "--empty-password");
  certutil("-A", "-n", "sandbox", "-t", "C,,", "-i", env.SANDBOX_CA_FILE);
  return home;
}

// startChromium starts a browser for the tests of a file. With realNames, it sends the
// requests for the host names of the real service to the sandbox.
export async function startChromium({ realNames = false } = {}) {
  const home = newHome();
  const sandbox = new URL(env.SANDBOX_AUTHORITY).host;
  const map = ["*.ciamlogin.com", "graph.microsoft.com"].map((name) => `MAP ${name}:443 ${sandbox}`);
  const browser = await chromium.launch({
    executablePath: executablePath(),
    env: { ...env, HOME: home, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" },
    args: ["--disable-quic", ...(realNames ? [`--host-resolver-rules=${map}`] : [])],
  });
  after(async () => {
    await browser.close();
    rmSync(home, { recursive: true, force: true });
  });
  return browser;
}

// newPage opens a page with its own cookies for a test.
export async function newPage(t, browser) {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => t.diagnostic(`${error}`));
  t.after(async () => {
    t.diagnostic(`the browser shows ${page.url()}: ${await page.innerText("body")}`);
    await context.close();
  });
  return page;
}

// enterPassword fills in the sign-in page.
export async function enterPassword(page, user) {
  await page.fill("#sign-in #email", user.email);
  await page.fill("#sign-in #password", user.password);
  await page.click("#sign-in button");
}

// enterCode fills in the page that asks for the code that was sent by email.
export async function enterCode(page, user) {
  await page.waitForSelector("#code-form #code");
  await page.fill("#code-form #code", await newestCode(user.email));
  await page.click("#code-form button");
}
