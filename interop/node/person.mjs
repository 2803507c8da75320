// A person at a browser: opens a page, fills in its forms, follows them. It
// reads what the pages need no script for. The answer that would go to a
// redirect URI can be kept instead of sent.

const env = process.env;

export async function newestCode() {
  const res = await fetch(env.SANDBOX_MAILBOX.replace("/mailbox?", "/mailbox.json?"));
  return (await res.json())[0].code;
}

function forms(html) {
  return [...html.matchAll(/<form method="post" action="([^"]*)" id="([^"]*)">([\s\S]*?)<\/form>/g)].map(([, action, id, inner]) => ({
    action: unescape(action), id,
    values: Object.fromEntries([...inner.matchAll(/<input [^>]*>/g)].map(([tag]) => [attribute(tag, "name"), attribute(tag, "value")]).filter(([name]) => name)),
  }));
}

const attribute = (tag, name) => unescape((tag.match(new RegExp(` ${name}="([^"]*)"`)) ?? ["", ""])[1]);
const unescape = (s) => s.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n)).replace(/&#x([0-9a-f]+);/gi, (_, n) => String.fromCharCode(parseInt(n, 16))).replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

export class Person {
  cookies = new Map();

  // open goes through the pages; it returns the last one's text, or with
  // keep the fields that were meant for the redirect URI.
  async open(address, { keep = false, userCode } = {}) {
    let url = address, init = {};
    for (let step = 0; step < 20; step++) {
      const res = await this.request(url, init);
      const html = await res.text();
      const all = forms(html);
      const form = ["form-post", "code-form", "account", "other", "sign-in", "device"].map((id) => all.find((f) => f.id === id)).find(Boolean);
      if (!form) return html;
      if (form.id === "form-post" && keep) return form.values;
      if (form.id === "sign-in") Object.assign(form.values, { email: env.SANDBOX_USER, password: env.SANDBOX_PASSWORD });
      if (form.id === "code-form") form.values.code = await newestCode();
      if (form.id === "device") form.values.otc = userCode;
      const target = new URL(form.action, url);
      init = { method: "POST", body: new URLSearchParams(form.values), headers: { origin: new URL(url).origin } };
      url = target.href;
    }
    throw new Error("the forms never end");
  }

  // request keeps cookies and follows redirects, as a browser does.
  async request(url, init) {
    for (;;) {
      const cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join("; ");
      const res = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
      for (const line of res.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        this.cookies.set(name, value);
      }
      const location = res.headers.get("location");
      if (!location) { this.at = url; return res; }
      url = new URL(location, url).href;
      init = {};
    }
  }
}
