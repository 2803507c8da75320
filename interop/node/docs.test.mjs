// The examples of the guides run as printed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { executablePath } from "./chromium.mjs";
import { env, listen } from "./sandbox.mjs";

// examples returns the code blocks of a guide in one language.
function examples(guide, language) {
  const text = readFileSync(new URL(`../../docs/${guide}`, import.meta.url), "utf8");
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, l]) => l === language).map(([, , code]) => code);
}

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// newDirectory returns a directory whose files find the packages of this one.
function newDirectory(t) {
  const directory = mkdtempSync(here("node_modules/.guide-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

// startRegistry starts an npm registry with the versions of package-lock.json, so that
// npm install is the same on every day and without a network. It has no archives: npm takes
// them from its cache, where npm ci put them, by their checksums.
async function startRegistry(t) {
  const { packages } = JSON.parse(readFileSync(here("package-lock.json"), "utf8"));
  const { origin, server } = await listen(t);
  server.on("request", (req, res) => {
    const name = decodeURIComponent(req.url.slice(1));
    const versions = {};
    for (const [path, { integrity, ...locked }] of Object.entries(packages)) {
      if (!path.endsWith(`node_modules/${name}`)) continue;
      const dist = { integrity, tarball: `${origin}/${name}-${locked.version}.tgz` };
      versions[locked.version] = { name, ...locked, dist };
    }
    const latest = packages[`node_modules/${name}`]?.version;
    res.writeHead(latest ? 200 : 404, { "content-type": "application/json" });
    res.end(JSON.stringify({ name, "dist-tags": { latest }, versions }));
  });
  return origin;
}

test("the guide for Node.js: its test passes", async (t) => {
  const [code] = examples("how-to/test-from-node.md", "js");
  const [commands] = examples("how-to/test-from-node.md", "sh");
  const directory = mkdtempSync(join(tmpdir(), "guide-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "profile.test.mjs"), code.replace("/usr/bin/chromium", executablePath()));
  const variables = {
    PATH: `${dirname(env.PROFILECTL)}:${env.PATH}`,
    npm_config_registry: await startRegistry(t),
    npm_config_audit: "false",
    npm_config_update_notifier: "false",
  };
  await passes("sh", ["-ec", commands], { cwd: directory }, variables);
});

test("the guide for single-page apps: its app signs in and edits", async (t) => {
  const [seed] = examples("how-to/test-a-single-page-app.md", "yaml");
  const [main] = examples("how-to/test-a-single-page-app.md", "js");
  const [redirect] = examples("how-to/test-a-single-page-app.md", "html");
  const [, ...command] = examples("how-to/test-a-single-page-app.md", "sh")[0].split("\n");
  const variables = command.slice(0, -2).join("\n"); // without npx vite
  const { origin, server } = await listen(t);
  const { port } = new URL(origin);
  server.close(); // the app gets its port
  const directory = newDirectory(t);
  writeFileSync(join(directory, "sandbox.yaml"), seed.replaceAll("5173", port));
  writeFileSync(join(directory, "main.js"), main);
  writeFileSync(join(directory, "redirect.html"), redirect);
  const script = `${variables}\nexec node --test "${here("guide-spa.mjs")}"`;
  const args = ["sandbox", "exec", "--seed", join(directory, "sandbox.yaml"), "--", "sh", "-ec", script];
  await passes(env.PROFILECTL, args, {}, { GUIDE: directory, PORT: port });
});

// passes runs a program that runs one test, which has to pass.
async function passes(program, args, options, variables) {
  const { NODE_TEST_CONTEXT: _, ...rest } = env; // with it, node would not run a test within a test
  const run = promisify(execFile)(program, args, { ...options, env: { ...rest, ...variables } });
  const { stdout, stderr } = await run.catch((failed) => failed);
  assert.match(stdout, /^# pass 1$/m, stderr);
}
