// A scripted browser: it opens a page, fills in and submits its forms, and
// follows redirects. It runs no JavaScript; the pages work without it.
import { newestCode } from "./sandbox.mjs";

// knownForms lists the forms that the robot submits. If a page has several, the
// first in this list wins.
const knownForms = ["form-post", "code-form", "account", "other", "sign-in", "device"];

// findForm returns the form to submit on a page, or undefined if there is none.
function findForm(html) {
  const forms = [...html.matchAll(/<form method="post" action="([^"]*)" id="([^"]*)">([\s\S]*?)<\/form>/g)];
  for (const wanted of knownForms) {
    const found = forms.find(([, , id]) => id === wanted);
    if (found) {
      const [, action, id, inner] = found;
      return { action: unescape(action), id, values: inputs(inner) };
    }
  }
}

// inputs returns the named input fields of a form with their values.
function inputs(html) {
  const fields = [...html.matchAll(/<input [^>]*>/g)].map(([tag]) => [attribute(tag, "name"), attribute(tag, "value")]);
  return Object.fromEntries(fields.filter(([name]) => name));
}

const attribute = (tag, name) => unescape((tag.match(new RegExp(` ${name}="([^"]*)"`)) ?? ["", ""])[1]);

const unescape = (s) =>
  s
    .replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n))
    .replace(/&#x([0-9a-f]+);/gi, (_, n) => String.fromCharCode(parseInt(n, 16)))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");

// post returns a request that submits a form of the page at an address.
const post = (address, values) => ({
  method: "POST",
  body: new URLSearchParams(values),
  headers: { origin: new URL(address).origin },
});

// Robot is a browser with its own cookies, used by one user.
export class Robot {
  cookies = new Map();
  location; // address of the page that it shows

  // user has an email and a password.
  constructor(user) {
    this.user = user;
  }

  // open goes through the pages that start at address. It returns the HTML of the
  // last page. With keep, it returns the fields meant for the redirect URI instead
  // of sending them.
  async open(address, { keep = false, userCode, init = {} } = {}) {
    let url = address;
    for (let step = 0; step < 20; step++) {
      const res = await this.request(url, init);
      if (res instanceof URL) return res;
      const html = await res.text();
      const form = findForm(html);
      if (!form) return html;
      if (form.id === "form-post" && keep) return form.values;
      if (form.id === "sign-in") {
        form.values.email = this.user.email;
        form.values.password = this.user.password;
      }
      if (form.id === "code-form") form.values.code = await newestCode(this.user.email);
      if (form.id === "device") form.values.otc = userCode;
      init = post(this.location, form.values);
      url = new URL(form.action, this.location).href;
    }
    throw new Error("the pages still show a form after 20 steps");
  }

  // submit posts a form of the page at address to that address, and goes on as open
  // does.
  submit(address, values) {
    return this.open(address, { init: post(address, values) });
  }

  // callback goes through the pages that start at address, up to the redirect URI.
  // It returns the address of the redirect with its parameters.
  async callback(address, redirectUri) {
    this.redirectUri = redirectUri;
    const url = await this.open(address);
    this.redirectUri = undefined;
    if (url instanceof URL) return url;
    throw new Error(`the pages did not return to ${redirectUri}: ${url}`);
  }

  // request sends a request with the cookies, stores new ones, and follows
  // redirects. It returns the address instead of following a redirect to the
  // redirect URI of callback.
  async request(url, init) {
    for (;;) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const res = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
      for (const line of res.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        this.cookies.set(name, value);
      }
      const location = res.headers.get("location");
      if (!location) {
        this.location = url;
        return res;
      }
      url = new URL(location, url).href;
      if (this.redirectUri && url.startsWith(this.redirectUri)) return new URL(url);
      init = {};
    }
  }
}
