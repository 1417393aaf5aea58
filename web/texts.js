// Card texts between the HTML that is stored and the plain text that people type. Pure.

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&nbsp;": "\u00a0", "&quot;": '"', "&amp;": "&" };

/** The plain text that this HTML shows, or null where it is more than text and line ends. */
export function plainOf(html) {
  const text = html.replace(/<br>/g, "\n");
  if (text.includes("<") || text.includes(">")) return null;
  return text.replace(/&(?:lt|gt|nbsp|quot|amp);/g, (entity) => ENTITIES[entity]);
}

/** Plain text as HTML, as the server writes it. */
export function htmlOf(text) {
  return text
    .trim()
    .replace(/\r\n?/g, "\n")
    .replace(/[&<>\u00a0\n]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\u00a0": "&nbsp;", "\n": "<br>" })[letter]);
}

/** Accepted answers as they are typed: with a bar between. */
export function answersOf(text) {
  return text.split("|").map((answer) => answer.trim()).filter((answer) => answer !== "");
}

/** Tags as they are typed: with spaces or commas between. */
export function tagsOf(text) {
  return text.split(/[\s,]+/).filter((tag) => tag !== "");
}
