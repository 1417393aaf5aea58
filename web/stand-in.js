// What the live view works with for somebody who stands in by a link: the link opens the monitor socket and nothing else, so
// that what only HTTP tells (texts of cards, the deck's names, the lobby) is not asked for.

import { Clock } from "./clock.js";

/**
 * @param {string} link
 * @param {import("./view-banners.js").Toasts} toasts
 */
export function standInParts(link, toasts) {
  const api = { token: () => link, me: async () => null, card: async () => ({ card: { front: "", back: "" } }) };
  const classes = { cards: async () => [], reportFile: async () => Promise.reject(new Error("The report stands on the page of the class, for its teachers.")) };
  return { is_stand_in: true, toasts, client: { clock: new Clock() }, api, classes, join: null };
}
