// The hardest cards with who missed them, and the commonest wrong answers: one tap accepts one.

import { h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { nameOf, percentText, wrongText } from "./lesson-words.js";
import { hardest } from "./standing.js";

const SHOWN = 10;

/** Keeps list items by a key: what stays is changed in place, so that a finger does not miss. */
export class KeyedList {
  /** @param {(item: object) => {element: HTMLElement, put: (item: object) => void}} make */
  constructor(element, keyOf, make) {
    Object.assign(this, { element, keyOf, make });
    this.rows = new Map();
  }

  put(items) {
    const keys = new Set(items.map(this.keyOf));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    let at = this.element.firstElementChild;
    for (const item of items) {
      const key = this.keyOf(item);
      if (!this.rows.has(key)) this.rows.set(key, this.make(item));
      const row = this.rows.get(key);
      row.put(item);
      if (row.element === at) at = at.nextElementSibling;
      else this.element.insertBefore(row.element, at);
    }
  }
}

export class LiveCards {
  /**
   * @param {import("./card-texts.js").CardTexts} texts
   * @param {{accept: (card: object, text: string) => string, ask: (card: object) => void, outcome: (id: string) => null|undefined|object,
   *   numberOf: (student_id: string) => number}} does
   */
  constructor(texts, does) {
    this.texts = texts;
    this.does = does;
    this.accepted = new Map();
    this.hard_list = h("ol", { className: "hard-cards" });
    this.wrong_list = h("ol", { className: "wrong-answers" });
    this.hard = new KeyedList(this.hard_list, ({ card_id }) => card_id, (card) => this.hardRow(card));
    this.wrong = new KeyedList(this.wrong_list, keyOfWrong, (group) => this.wrongRow(group));
    this.no_hard = h("p", { className: "quiet" }, "No card has three answers with a wrong one yet.");
    this.no_wrong = h("p", { className: "quiet" }, "No wrong answers were typed or chosen yet.");
    this.element = h(
      "div",
      { className: "live-cards" },
      h("section", { className: "panel", "aria-label": "Hardest cards" }, h("h2", {}, "Hardest cards"), this.no_hard, this.hard_list),
      h("section", { className: "panel", "aria-label": "Commonest wrong answers" }, h("h2", {}, "Commonest wrong answers"), this.no_wrong, this.wrong_list),
    );
  }

  /** `forced`: texts or outcomes came, no rows. */
  update(picture, { cards, has_wrong, has_document }, forced) {
    this.picture = picture;
    if (forced || cards.size > 0 || has_document) {
      const hard = hardest(picture.cards.values(), SHOWN);
      this.hard.put(hard);
      show(this.no_hard, hard.length === 0);
    }
    if (forced || has_wrong || cards.size > 0) {
      this.wrong.put(picture.wrong);
      show(this.no_wrong, picture.wrong.length === 0);
    }
  }

  hardRow(card) {
    const front = h("span", { className: "hard-front" });
    const figures = h("span", { className: "quiet" });
    const missed = h("span", { className: "quiet" });
    const ask = h("button", { type: "button", onclick: () => this.does.ask(card) }, "Ask all");
    const put = (now) => {
      setText(front, this.texts.front(now.deck_id, now.card_id));
      setText(figures, `${now.wrong} of ${now.answers} wrong · recall ${percentText(now.recall)}`);
      setText(missed, this.missedBy(now));
      ask.disabled = !this.picture.isOn;
    };
    return { element: h("li", { "data-card-id": card.card_id }, h("div", {}, front, figures, missed), ask), put };
  }

  missedBy({ missed_by = [] }) {
    const rows = missed_by.map((student_id) => this.picture.students.get(student_id)).filter(Boolean);
    if (rows.length === 0) return "";
    return `Missed by ${rows.map((row) => nameOf(row, this.does.numberOf(row.student_id))).join(", ")}${missed_by.length > 7 ? " and others" : ""}`;
  }

  wrongRow(group) {
    const key = keyOfWrong(group);
    const what = h("span", { className: "wrong-text" });
    const front = h("span", { className: "quiet" });
    const verdict = h("span", { className: "accept-verdict", role: "status" });
    const accept = h("button", { type: "button", onclick: () => this.accept(group) }, "Accept");
    const put = (now) => {
      const card = this.picture.cards.get(now.card_id);
      setText(what, wrongText(now));
      setText(front, card ? this.texts.front(card.deck_id, card.card_id) : "");
      const state = this.stateOf(key);
      setText(verdict, state.text);
      verdict.dataset.state = state.name;
      show(accept, state.name === "open" || state.name === "refused");
      // The deck stands with the card's row.
      accept.disabled = card === undefined;
    };
    return { element: h("li", { "data-text": group.text, "data-card-id": group.card_id }, h("div", {}, what, front), verdict, accept), put };
  }

  accept(group) {
    const card = this.picture.cards.get(group.card_id);
    if (!card) return;
    this.accepted.set(keyOfWrong(group), this.does.accept(card, group.text));
    this.update(this.picture, NOTHING, true);
  }

  stateOf(key) {
    const id = this.accepted.get(key);
    const outcome = id === undefined ? undefined : this.does.outcome(id);
    if (id === undefined) return { name: "open", text: "" };
    if (outcome === null) return { name: "sent", text: "Accepting…" };
    if (outcome?.refusal) return { name: "refused", text: `Refused: ${outcome.refusal.message || outcome.refusal.code}` };
    return { name: "accepted", text: "Accepted: graded anew for all who gave it." };
  }
}

const NOTHING = { cards: new Set(), has_wrong: false, has_document: false };
const keyOfWrong = ({ card_id, text }) => `${card_id} ${text}`;

/** A card's figures in a line, where no list is kept up. */
export function cardLine(texts, { deck_id, card_id, wrong, answers }) {
  return `${texts.front(deck_id, card_id)}: ${wrong} of ${counted(answers, "answer")} wrong`;
}
