// A web app with a server session that makes the calls of Microsoft's how-to "Edit
// profile in a Node.js web app", in its order. Each token is acquired silently first,
// and with a redirect if Entra requires interaction.
import { randomBytes, randomUUID } from "node:crypto";
import { ConfidentialClientApplication, CryptoProvider, InteractionRequiredAuthError } from "@azure/msal-node";
import axios from "axios";
import express from "express";
import session from "express-session";

const escape = (text) => String(text ?? "").replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const field = (name, value) => `<label>${name} <input name="${name}" value="${escape(value)}"></label>`;
const fields = ["displayName", "givenName", "surname"];

// newWebApp returns the app. Its settings are the options auth of MSAL Node, the app's
// origin, the scope of the mid-tier, and the addresses of Graph and of the mid-tier.
export function newWebApp({ auth, origin, editScope, graph, midTier }) {
  const redirectUri = `${origin}/auth/redirect`;
  const crypto = new CryptoProvider();
  const metadata = (async () => {
    const { data } = await axios.get(`${auth.authority}/v2.0/.well-known/openid-configuration`);
    return data;
  })();

  // client returns MSAL with the tokens of the session. As in the how-to, it exists for
  // one request.
  async function client(req) {
    const authorityMetadata = JSON.stringify(await metadata);
    const msal = new ConfidentialClientApplication({ auth: { ...auth, authorityMetadata } });
    if (req.session.tokens) msal.getTokenCache().deserialize(req.session.tokens);
    return msal;
  }

  // keep stores a token response in the session.
  function keep(req, msal, response) {
    req.session.tokens = msal.getTokenCache().serialize();
    req.session.account = response.account;
    req.accessToken = response.accessToken;
  }

  // redirectToSignIn sends the user to the sign-in pages. They return to the path.
  async function redirectToSignIn(req, res, msal, scopes, path) {
    const { verifier, challenge } = await crypto.generatePkceCodes();
    const request = { scopes, redirectUri, state: randomUUID() };
    req.session.pending = { request, verifier, path };
    const url = await msal.getAuthCodeUrl({
      ...request,
      responseMode: "form_post",
      codeChallenge: challenge,
      codeChallengeMethod: "S256",
    });
    res.redirect(url);
  }

  // withToken is middleware that acquires a token for the scopes.
  const withToken = (scopes, path) => async (req, res, next) => {
    if (!req.session.account) return res.redirect("/sign-in");
    const msal = await client(req);
    try {
      keep(req, msal, await msal.acquireTokenSilent({ scopes, account: req.session.account }));
    } catch (error) {
      if (!(error instanceof InteractionRequiredAuthError)) throw error;
      return redirectToSignIn(req, res, msal, scopes, path);
    }
    next();
  };

  const bearer = (req) => ({ headers: { authorization: `Bearer ${req.accessToken}` } });
  const app = express();
  app.use(session({ secret: randomBytes(16).toString("hex"), resave: false, saveUninitialized: false }));
  app.use(express.urlencoded({ extended: false }));

  app.get("/", (req, res) => {
    const { account, saved } = req.session;
    if (!account) return res.send('<a id="sign-in-link" href="/sign-in">Sign in</a>');
    res.send(`<p id="account">${escape(account.username)}</p><p id="saved">${saved ?? 0}</p>
<a id="edit" href="/profile">Edit profile</a> <a id="sign-out" href="/sign-out">Sign out</a>`);
  });

  app.get("/sign-in", async (req, res) => redirectToSignIn(req, res, await client(req), [], "/"));

  app.post("/auth/redirect", async (req, res) => {
    const { request, verifier, path } = req.session.pending;
    if (req.body.state !== request.state) return res.status(400).send("wrong state");
    const msal = await client(req);
    const { code } = req.body;
    keep(req, msal, await msal.acquireTokenByCode({ ...request, code, codeVerifier: verifier }, req.body));
    res.redirect(path);
  });

  app.get("/profile", withToken(["User.Read", editScope], "/profile"), async (req, res) => {
    const { data: me } = await axios.get(`${graph}/v1.0/me`, bearer(req));
    const values = { ...me, ...req.session.draft };
    res.send(`<form id="profile" method="post" action="/profile">
${fields.map((name) => field(name, values[name])).join("\n")}
<button>Save</button></form>`);
  });

  const rememberDraft = (req, _, next) => {
    req.session.draft = Object.fromEntries(fields.map((name) => [name, req.body[name]]));
    next();
  };
  app.post("/profile", rememberDraft, withToken([editScope], "/profile"), async (req, res) => {
    const { status } = await axios.post(`${midTier}/updateUserInfo`, req.session.draft, bearer(req));
    if (status !== 204) throw new Error(`the mid-tier returned ${status}`);
    req.session.saved = (req.session.saved ?? 0) + 1;
    delete req.session.draft;
    res.redirect("/");
  });

  app.get("/sign-out", (req, res) => {
    const query = new URLSearchParams({ post_logout_redirect_uri: origin });
    req.session.destroy(() => res.redirect(`${auth.authority}/oauth2/v2.0/logout?${query}`));
  });

  app.use((error, _req, res, _next) => res.status(500).send(`<pre id="error">${escape(error.stack)}</pre>`));
  return app;
}
