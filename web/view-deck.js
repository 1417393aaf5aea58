// One deck: its cards, to be added, changed and deleted, and its settings.

import { CardForm } from "./view-edit.js";
import { busily, h, setHtml, setText } from "./dom.js";
import { countRow } from "./view-decks.js";
import { deckSettings } from "./view-settings.js";
import { answersOf, tagsOf } from "./texts.js";
import { AskedOnce } from "./ids.js";

export class DeckView {
  constructor(app, deck_id) {
    this.app = app;
    this.asked = new AskedOnce();
    this.deck_id = deck_id;
    this.title = "Deck";
    this.heading = h("h1", {}, "…");
    this.path = h("p", { className: "deck-path" });
    this.counts = countRow();
    this.note = h("p", { className: "quiet", role: "status" });
    this.list = h("ul", { className: "cards", "aria-label": "Cards" });
    this.more = h("button", { type: "button", hidden: true, onclick: () => busily(this.more, () => this.loadCards()) }, "More cards");
    this.editing = h("div", {});
    this.element = h(
      "section",
      { className: "deck-page" },
      h("a", { href: "#/", className: "back-link" }, "‹ Decks"),
      h(
        "div",
        { className: "home-head" },
        h("div", {}, this.path, this.heading, this.counts.element),
        h("div", { className: "row" }, h("a", { className: "button primary", href: `#/study/${deck_id}` }, "Study")),
      ),
      this.note,
      this.editing,
      this.list,
      this.more,
    );
  }

  enter() {
    this.load();
  }

  leave() {
    this.gone = true;
  }

  async load() {
    try {
      const deck = await this.app.api.deck(this.deck_id);
      if (this.gone) return;
      this.put(deck);
      if (deck.may_edit) this.editing.replaceChildren(this.buildForm(), this.buildTools(), this.buildSettings());
      await Promise.all([this.loadCounts(), this.loadCards()]);
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  put(deck) {
    this.deck = deck;
    setText(this.heading, deck.title);
    setText(this.path, (deck.path ?? "").split("::").slice(0, -1).join(" › "));
  }

  buildSettings() {
    const settings = deckSettings(async (change) => {
      this.put(await this.app.api.changeDeck(this.deck_id, change));
      await this.loadCounts();
      return this.deck;
    });
    settings.put(this.deck);
    return settings.element;
  }

  async loadCounts() {
    this.counts.put((await this.app.api.progress(this.deck_id)).due);
  }

  async loadCards() {
    const page = await this.app.api.cards(this.deck_id, { cursor: this.next ?? null });
    this.next = page.next ?? null;
    this.list.append(...page.items.map((card) => this.cardRow(card)));
    this.more.hidden = this.next === null;
    if (this.list.childElementCount === 0) setText(this.note, "This deck has no card yet.");
  }

  buildForm() {
    const field = (name, label, rows) => h("label", {}, label, h("textarea", { name, rows, required: rows > 1 }));
    const complaint = h("p", { className: "complaint", role: "alert" });
    const button = h("button", { className: "primary" }, "Add card");
    const form = h(
      "form",
      { className: "panel add-card" },
      h("h2", {}, "Add a card"),
      h("div", { className: "columns" }, field("front", "Front", 2), field("back", "Back", 2)),
      h("div", { className: "columns" }, field("hint", "Hint (optional)", 1), field("tags", "Tags (optional, with spaces between)", 1)),
      field("accept", "Also accepted when it is typed (optional, with | between)", 1),
      h("div", { className: "row" }, button, complaint),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      busily(button, () => this.addCard(form, complaint));
    });
    return form;
  }

  async addCard(form, complaint) {
    const { front, back, hint, tags, accept } = Object.fromEntries(new FormData(form));
    // What is typed here is text: "a < b" is no tag.
    const card = { front: front.trim(), back: back.trim(), format: "text" };
    if (hint.trim()) card.hint = hint.trim();
    if (tags.trim()) card.tags = tagsOf(tags);
    if (accept.trim()) card.accept = answersOf(accept);
    try {
      const added = await this.app.api.addCard(this.deck_id, card, this.asked.keyOf(card));
      this.asked.done();
      form.reset();
      form.elements.front.focus();
      setText(complaint, "");
      setText(this.note, "");
      this.list.prepend(this.cardRow(added));
      this.app.toasts.say("The card was added.", "good");
      await this.loadCounts();
    } catch (error) {
      setText(complaint, error.message);
    }
  }

  buildTools() {
    return h(
      "div",
      { className: "row deck-tools" },
      h("a", { className: "button", href: `#/import/${this.deck_id}` }, "Import into this deck"),
      h("button", { type: "button", className: "danger", onclick: () => this.remove() }, "Delete deck"),
    );
  }

  async remove() {
    if (!confirm(`Delete “${this.deck.title}” with its cards? Your review history is kept.`)) return;
    try {
      await this.app.api.deleteDeck(this.deck_id);
      this.app.go("#/");
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  cardRow(card) {
    const front = h("div", { className: "card-html" });
    const back = h("div", { className: "card-html" });
    setHtml(front, card.front);
    setHtml(back, card.back);
    const row = h("li", { "data-card-id": card.card_id }, front, back);
    if (!this.deck.may_edit) return row;
    const edit = h("button", { type: "button", className: "plain-button", "aria-label": "Edit this card", onclick: () => busily(edit, () => this.editCard(card, row)) }, "Edit");
    const remove = h("button", { type: "button", className: "plain-button", "aria-label": "Delete this card", onclick: () => this.removeCard(card, row) }, "Delete");
    row.append(h("div", { className: "card-tools" }, edit, remove));
    return row;
  }

  /** Puts a form at the place of the card, with the card as it is stored now. */
  async editCard({ card_id }, row) {
    try {
      const stored = await this.app.api.card(this.deck_id, card_id);
      const form = new CardForm(this.app.api, stored, (changed) => {
        const shown = this.cardRow(changed ?? stored.card);
        editing.replaceWith(shown);
        shown.querySelector("[aria-label='Edit this card']").focus();
        if (changed) this.app.toasts.say("The card was changed.", "good");
      });
      const editing = h("li", { className: "editing", "data-card-id": card_id }, form.element);
      row.replaceWith(editing);
      form.focus();
    } catch (error) {
      this.app.toasts.say(error.message, "bad");
    }
  }

  async removeCard(card, row) {
    if (!confirm("Delete this card?")) return;
    try {
      await this.app.api.deleteCard(this.deck_id, card.card_id);
      row.remove();
      await this.loadCounts();
    } catch (error) {
      this.app.toasts.say(error.message, "bad");
    }
  }
}
