// The control API of the sandbox that the tests run in: every test adds its own
// user and clients, so that tests can run at the same time.

import http from "node:http";

export const env = process.env;

// The tests also run with the host names of the real service, which interop/run sets.
export const authority = env.INTEROP_AUTHORITY ?? env.SANDBOX_AUTHORITY;
export const graph = env.INTEROP_GRAPH ?? env.SANDBOX_GRAPH;

// control sends a request to the control API and returns the decoded response.
export async function control(method, path, body) {
  const res = await fetch(env.SANDBOX_CONTROL + path, {
    method,
    headers: { authorization: `Bearer ${env.SANDBOX_CONTROL_KEY}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await res.text();
  if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${text}`);
  return text && JSON.parse(text);
}

let users = 0;

// newUser adds a user and returns it with its password.
export function newUser() {
  const email = `user-${process.pid}-${++users}@contoso.example`;
  return control("POST", "/users", { email, name: "Casey Jensen", profile: { givenName: "Casey" } });
}

// newApp registers a client and returns it with its secret.
export const newApp = (app) => control("POST", "/apps", { name: `app-${process.pid}`, ...app });

// newestCode returns the one-time code of the newest message to an address.
export async function newestCode(email) {
  const mail = await control("GET", `/mail?to=${encodeURIComponent(email)}`);
  return mail[0].code;
}

// claimsOf returns the claims of a token without verifying it.
export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));

// listen starts an HTTP server that ends with the test, and returns it with its origin.
export async function listen(t) {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, origin: `http://localhost:${server.address().port}` };
}

// parse returns the value of a JSON page. The error for another page shows its text.
export function parse(page) {
  try {
    return JSON.parse(page);
  } catch {
    throw new Error(`not JSON: ${page.replace(/<style>.*?<\/style>|<[^>]*>/gs, " ").replace(/\s+/g, " ")}`);
  }
}
