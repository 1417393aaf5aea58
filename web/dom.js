// Small helpers for building the page.

/**
 * Makes an element. Properties starting with `on` are listeners, `class` and `aria-…` and `data-…` are attributes,
 * the rest are properties. Children: nodes, strings, or nothing (null, false).
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets an element's text, and leaves the page alone when it is the same already. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides an element. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Puts HTML that the server has sanitised into a container, once. */
export function setHtml(element, html) {
  if (element.shown_html === html) return;
  element.shown_html = html;
  element.innerHTML = html ?? "";
}

/** True where a key belongs to a field and not to the page. */
export function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Runs `work` with the button switched off, so that it is not started twice. */
export async function busily(button, work) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}
