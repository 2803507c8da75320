// Returns the accessibility problems of the page, separated by semicolons: for
// users with a small screen, a keyboard, a screen reader or low vision.
(async () => {
  await new Promise((drawn) => requestAnimationFrame(drawn)); // autofocus applies when the page is drawn

  const problems = [];
  const report = (failed, problem) => {
    if (failed) problems.push(problem);
  };

  report(document.scrollingElement.scrollWidth > innerWidth, "the page is wider than the screen");
  report(!document.documentElement.lang, "the page has no language");
  report(!document.title.trim(), "the page has no title");
  report(document.querySelectorAll("h1").length !== 1, "the page does not have exactly one h1");
  report(!document.querySelector("main"), "the page has no main element");

  const typed = "input:not([type=hidden], [type=checkbox], [type=radio])";
  for (const input of document.querySelectorAll("input:not([type=hidden])")) {
    report(!input.labels.length, input.name + " has no label");
    report(input.matches(typed) && !input.getAttribute("autocomplete"), input.name + " has no autocomplete attribute");
    for (const id of (input.getAttribute("aria-describedby") || "").split(" ").filter(Boolean)) {
      report(!document.getElementById(id), input.name + " is described by an element that does not exist");
    }
  }
  const first = document.querySelector(typed);
  // Pages with navigation are for reading first, so none of their inputs takes the focus.
  const isForm = first && !document.querySelector("nav");
  report(isForm && document.activeElement.tagName !== "INPUT", "no input has the focus");
  const error = document.querySelector(".error");
  report(error && error.getAttribute("role") !== "alert", "the error is not announced");

  // Contrast as WCAG 2 defines it.
  const channel = (c) => {
    c /= 255;
    return c <= 0.03928 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parseColor = (text) => text.match(/[\d.]+/g).map(Number);
  const background = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parseColor(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const color = parseColor(getComputedStyle(element).color);
    const [lighter, darker] = [luminance(color), luminance(background(element))].sort((x, y) => y - x);
    return (lighter + 0.05) / (darker + 0.05);
  };
  const isLarge = ({fontSize, fontWeight}) =>
    parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    const isHidden = !element.getClientRects().length;
    if (!hasText || isHidden || ["STYLE", "SCRIPT", "NOSCRIPT"].includes(element.tagName)) continue;
    const ratio = contrast(element);
    const required = isLarge(getComputedStyle(element)) ? 3 : 4.5;
    report(ratio < required, element.tagName + " has a contrast of " + ratio.toFixed(1));
  }

  for (const button of document.querySelectorAll("button")) {
    const {width, height} = button.getBoundingClientRect();
    report(height < 24 || width < 24, "the button " + button.textContent + " is smaller than 24 pixels");
  }
  return problems.join("; ");
})();
