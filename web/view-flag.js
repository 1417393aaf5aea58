// Seven flags to mark a card with.

import { h, show } from "./dom.js";

export const FLAGS = ["None", "Red", "Orange", "Green", "Blue", "Pink", "Turquoise", "Purple"];

/** So many cards' flags are remembered. */
const REMEMBERED = 500;

/** The flags of cards as far as they are known: the server is asked when a card is shown, what is chosen here counts. */
export class Flags {
  /** `onKnown`: called when the server has named a flag. */
  constructor(api, onKnown) {
    this.api = api;
    this.onKnown = onKnown;
    this.known = new Map();
    this.shown = null;
  }

  /** A card's flag, 0 is none; null while it is not known. */
  of(card) {
    return this.known.get(card.card_id) ?? null;
  }

  put(card, flag) {
    if (this.known.size >= REMEMBERED) this.known.clear();
    if (flag === null) this.known.delete(card.card_id);
    else this.known.set(card.card_id, flag);
  }

  /** A card came on screen. Asked once: a server that is away is not asked again and again. */
  async show(card) {
    if (this.shown === card) return;
    this.shown = card;
    if (card === null || this.of(card) !== null) return;
    const state = await this.api.cardState(card.deck_id, card.card_id).catch(() => null);
    if (state === null || this.of(card) !== null) return;
    this.put(card, state.flag);
    this.onKnown();
  }
}

export class FlagMenu {
  constructor(app, onFlag) {
    this.app = app;
    this.onFlag = onFlag;
    this.marked = null;
    this.buttons = FLAGS.map((name, flag) =>
      h("button", { type: "button", role: "menuitemradio", "aria-checked": "false", "data-flag": flag, onclick: () => this.choose(flag) }, h("span", { className: "flag-dot", "aria-hidden": "true" }), `${name}`),
    );
    this.element = h("div", { className: "flag-menu", role: "menu", "aria-label": "Flag", hidden: true }, this.buttons);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Opens below `opener`, with the card's present flag marked; null: not known yet. */
  open(flag, opener) {
    this.opener = opener;
    if (this.isOpen) return this.close();
    show(this.element, true);
    this.mark(flag);
    this.buttons[flag ?? 0].focus();
  }

  mark(flag) {
    this.marked = flag;
    this.buttons.forEach((button, at) => button.setAttribute("aria-checked", String(at === flag)));
  }

  /** Choosing the flag that the card has takes it away. */
  choose(chosen) {
    const flag = chosen === this.marked ? 0 : chosen;
    this.close();
    this.onFlag(flag);
    this.app.toasts.say(flag === 0 ? "Flag taken away." : `Flagged ${FLAGS[flag].toLowerCase()}.`);
  }

  close() {
    show(this.element, false);
    this.opener?.focus();
  }

  /** Keys while the menu is open: 0-7 choose, arrows move, Escape closes. */
  key(event) {
    if (event.key === "Escape") this.close();
    else if (/^[0-7]$/.test(event.key)) this.choose(Number(event.key));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.move(event.key === "ArrowDown" ? 1 : -1);
    else return;
    event.preventDefault();
  }

  move(step) {
    const at = this.buttons.indexOf(document.activeElement);
    this.buttons[(at + step + this.buttons.length) % this.buttons.length].focus();
  }
}
