// A scripted browser: it opens a page, fills in and submits its forms, and
// follows redirects. It runs no JavaScript; the pages work without it.

const env = process.env;

// newestCode returns the one-time code of the newest message in the mailbox.
export async function newestCode() {
  const res = await fetch(env.SANDBOX_MAILBOX.replace("/mailbox?", "/mailbox.json?"));
  return (await res.json())[0].code;
}

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

// Robot is a browser with its own cookies, used by the sandbox's user.
export class Robot {
  cookies = new Map();

  // open goes through the pages that start at address. It returns the HTML of the
  // last page. With keep, it returns the fields meant for the redirect URI instead
  // of sending them.
  async open(address, { keep = false, userCode } = {}) {
    let url = address;
    let init = {};
    for (let step = 0; step < 20; step++) {
      const res = await this.request(url, init);
      const html = await res.text();
      const form = findForm(html);
      if (!form) return html;
      if (form.id === "form-post" && keep) return form.values;
      if (form.id === "sign-in") {
        form.values.email = env.SANDBOX_USER;
        form.values.password = env.SANDBOX_PASSWORD;
      }
      if (form.id === "code-form") form.values.code = await newestCode();
      if (form.id === "device") form.values.otc = userCode;
      const target = new URL(form.action, url);
      init = {
        method: "POST",
        body: new URLSearchParams(form.values),
        headers: { origin: new URL(url).origin },
      };
      url = target.href;
    }
    throw new Error("the pages still show a form after 20 steps");
  }

  // request sends a request with the cookies, stores new ones, and follows
  // redirects.
  async request(url, init) {
    for (;;) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const res = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
      for (const line of res.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        this.cookies.set(name, value);
      }
      const location = res.headers.get("location");
      if (!location) return res;
      url = new URL(location, url).href;
      init = {};
    }
  }
}
