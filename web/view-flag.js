// Seven flags to mark a card with.

import { h, show } from "./dom.js";

export const FLAGS = ["None", "Red", "Orange", "Green", "Blue", "Pink", "Turquoise", "Purple"];

export class FlagMenu {
  constructor(app, onFlag) {
    this.app = app;
    this.onFlag = onFlag;
    this.buttons = FLAGS.map((name, flag) =>
      h("button", { type: "button", role: "menuitemradio", "aria-checked": "false", "data-flag": flag, onclick: () => this.choose(flag) }, h("span", { className: "flag-dot", "aria-hidden": "true" }), `${name}`),
    );
    this.element = h("div", { className: "flag-menu", role: "menu", "aria-label": "Flag", hidden: true }, this.buttons);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Opens below `opener`; the card's present flag is marked as soon as the server names it. */
  async open(card, opener) {
    this.opener = opener;
    if (this.isOpen) return this.close();
    show(this.element, true);
    this.mark(null);
    this.buttons[0].focus();
    const state = await this.app.api.cardState(card.deck_id, card.card_id).catch(() => null);
    if (state && this.isOpen) this.mark(state.flag);
  }

  mark(flag) {
    this.buttons.forEach((button, at) => button.setAttribute("aria-checked", String(at === flag)));
  }

  choose(flag) {
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
