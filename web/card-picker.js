// Choosing a card of a class's decks: the deck, then words that the card holds.

import { h, setText } from "./dom.js";
import { plainText } from "./card-texts.js";

const WAIT_MS = 250;
let made = 0;

export class CardPicker {
  /**
   * @param {import("./class-api.js").ClassApi} api
   * @param {{verb: string, onCard: (card: object) => void, deck?: HTMLSelectElement}} options `verb`: what the button of a
   *   card says; `deck`: where the deck is chosen, if that is elsewhere
   */
  constructor(api, { verb, onCard, deck = null }) {
    Object.assign(this, { api, verb, onCard });
    made += 1;
    const [deck_id, words_id] = [`picker-deck-${made}`, `picker-words-${made}`];
    this.deck = deck ?? h("select", { id: deck_id });
    this.deck.addEventListener("change", () => this.search());
    this.words = h("input", { id: words_id, type: "search", autocomplete: "off", oninput: () => this.later(), onkeydown: (event) => this.key(event) });
    this.said = h("p", { className: "quiet", role: "status" });
    this.found = h("ul", { className: "found-cards", "aria-label": "Cards found" });
    this.element = h(
      "div",
      { className: "card-picker" },
      h("div", { className: "columns" }, deck ? null : h("div", {}, h("label", { htmlFor: deck_id }, "Deck"), this.deck), h("div", {}, h("label", { htmlFor: words_id }, "Words on the card"), this.words)),
      this.said,
      this.found,
    );
    this.round = 0;
  }

  /** The decks to choose from: those of the class, which its students see. */
  putDecks(decks) {
    this.deck.replaceChildren(...decks.map(({ deck_id, title }) => h("option", { value: deck_id }, title)));
    setText(this.said, decks.length === 0 ? "This class has no deck yet. Give it one on its page." : "");
    if (decks.length > 0) this.search();
  }

  get deck_id() {
    return this.deck.value || null;
  }

  /** Enter looks at once; it gives no command of the form around. */
  key(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    this.search();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), WAIT_MS);
  }

  async search() {
    const { deck_id } = this;
    if (deck_id === null) return;
    const round = ++this.round;
    try {
      const cards = await this.api.cards(deck_id, this.words.value);
      if (round !== this.round) return;
      this.found.replaceChildren(...cards.map((card) => this.row({ ...card, deck_id })));
      setText(this.said, cards.length === 0 ? "No card of this deck holds these words." : "");
    } catch (error) {
      if (round === this.round) setText(this.said, error.message);
    }
  }

  row(card) {
    const button = h("button", { type: "button", "aria-label": `${this.verb}: ${plainText(card.front)}`, onclick: () => this.onCard(card) }, this.verb);
    return h("li", { "data-card-id": card.card_id }, h("span", {}, plainText(card.front)), h("span", { className: "quiet" }, plainText(card.back)), button);
  }
}
