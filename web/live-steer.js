// Steering a lesson: words for everybody, and what comes next in the queues of all or some.

import { CardPicker } from "./card-picker.js";
import { KeyedList } from "./live-cards.js";
import { h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { plainText } from "./card-texts.js";
import { nameOf } from "./lesson-words.js";
import { ordered } from "./standing.js";

export const MESSAGE_LENGTH = 500;
/** Cards of a warm-up. */
const WARM_UP_BEGINS_WITH = 5;
const WARM_UP_MOST = 50;
/** Cards and students that one assignment may name. */
const NAMED_MOST = 200;

export class MessageForm {
  /** @param {(text: string|null) => void} onMessage null takes the message back */
  constructor(onMessage) {
    this.onMessage = onMessage;
    this.field = h("input", { id: "live-message", maxLength: MESSAGE_LENGTH, autocomplete: "off" });
    this.shown = h("p", { className: "quiet", hidden: true });
    this.back_button = h("button", { type: "button", hidden: true, onclick: () => this.onMessage(null) }, "Take it back");
    this.element = h(
      "form",
      { className: "live-message", onsubmit: (event) => this.submit(event) },
      h("label", { htmlFor: "live-message" }, "Message to all"),
      h("div", { className: "row" }, this.field, h("button", {}, "Send"), this.back_button),
      this.shown,
    );
  }

  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (text === "") return;
    this.onMessage(text);
    this.field.value = "";
  }

  update({ document }) {
    const message = document?.message ?? "";
    show(this.shown, message !== "");
    show(this.back_button, message !== "");
    setText(this.shown, message === "" ? "" : `All see: “${message}”`);
  }
}

export class AssignForm {
  /**
   * @param {object} api the class's API
   * @param {{assign: (assignment: object) => void, withdraw: (deck_id: string) => void,
   *   warmUp: (deck_id: string, count: number) => void, numberOf: (student_id: string) => number}} does
   */
  constructor(api, does) {
    this.does = does;
    this.cards = new Map();
    this.picker = new CardPicker(api, { verb: "Add", onCard: (card) => this.add(card) });
    this.picker.deck.addEventListener("change", () => this.clear());
    this.chosen = h("ul", { className: "chosen-cards", "aria-label": "Cards chosen" });
    this.to = h(
      "select",
      { id: "assign-to", onchange: () => this.draw() },
      [["all", "Everybody"], ["need", "Who may need help"], ["some", "Some, chosen below"]].map(([value, text]) => h("option", { value }, text)),
    );
    this.people = h("fieldset", { className: "assign-people", hidden: true }, h("legend", {}, "Students"));
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.button = h("button", { className: "primary" }, "Assign");
    this.count = h("input", { id: "warm-up-count", type: "number", min: 1, max: WARM_UP_MOST, step: 1, required: true, value: WARM_UP_BEGINS_WITH });
    this.warm_button = h("button", {}, "Start it");
    this.warm_up = h(
      "form",
      { className: "row inline-form warm-up", onsubmit: (event) => this.warmUp(event) },
      h("label", { htmlFor: "warm-up-count" }, "Warm-up: cards of the deck"),
      this.count,
      this.warm_button,
    );
    this.warm_note = h("p", { className: "quiet" }, "The cards that those who are here are about to forget, one of a note.");
    this.now = h("ul", { className: "assigned", "aria-label": "Assigned now" });
    this.list = new KeyedList(this.now, (deck_id) => deck_id, (deck_id) => this.assignedRow(deck_id));
    this.element = h(
      "details",
      { className: "panel live-assign", ontoggle: () => this.draw() },
      h("summary", {}, "Assign a deck or cards"),
      h("form", { onsubmit: (event) => this.submit(event) }, this.picker.element, this.chosen, h("label", { htmlFor: "assign-to" }, "To"), this.to, this.people, h("div", { className: "row" }, this.button), this.complaint),
      this.warm_up,
      this.warm_note,
      this.now,
    );
    this.titles = new Map();
  }

  putDecks(decks) {
    this.titles = new Map(decks.map(({ deck_id, title }) => [deck_id, title]));
    this.picker.putDecks(decks);
  }

  add(card) {
    if (this.cards.size >= NAMED_MOST) return setText(this.complaint, `An assignment names ${NAMED_MOST} cards at most: assign the deck instead.`);
    this.cards.set(card.card_id, card);
    this.draw();
  }

  clear() {
    this.cards.clear();
    this.draw();
  }

  update(picture, { has_document }) {
    this.picture = picture;
    if (!has_document) return;
    this.button.disabled = this.warm_button.disabled = !picture.isOn;
    this.list.put([...new Set(picture.document.assigned)]);
    show(this.now, picture.document.assigned.length > 0);
  }

  draw() {
    const rows = [...this.cards.values()].map((card) =>
      h("li", {}, plainText(card.front), h("button", { type: "button", className: "plain-button", onclick: () => this.cards.delete(card.card_id) && this.draw() }, "Remove", h("span", { className: "unseen" }, ` ${plainText(card.front)}`))),
    );
    this.chosen.replaceChildren(...rows);
    setText(this.button, this.cards.size > 0 ? `Assign ${counted(this.cards.size, "card")}` : "Assign the deck");
    show(this.people, this.to.value === "some");
    if (this.to.value === "some" && this.picture) this.drawPeople();
  }

  /** Who is there when it is opened; who was chosen stays so. */
  drawPeople() {
    const before = new Set(this.chosenPeople());
    const boxes = ordered(this.picture.students.values(), false).map((row) =>
      h("label", { className: "switch" }, h("input", { type: "checkbox", value: row.student_id, checked: before.has(row.student_id) }), nameOf(row, this.does.numberOf(row.student_id))),
    );
    this.people.replaceChildren(h("legend", {}, "Students"), ...boxes);
  }

  chosenPeople() {
    return [...this.people.querySelectorAll("input:checked")].map(({ value }) => value);
  }

  recipients() {
    if (this.to.value === "all") return [];
    if (this.to.value === "some") return this.chosenPeople();
    return [...this.picture.students.values()].filter(({ struggling }) => struggling).map(({ student_id }) => student_id);
  }

  submit(event) {
    event.preventDefault();
    setText(this.complaint, "");
    const { deck_id } = this.picker;
    const to = this.recipients();
    if (deck_id === null) return setText(this.complaint, "The class has no deck to assign.");
    if (this.to.value !== "all" && to.length === 0) return setText(this.complaint, this.to.value === "need" ? "Nobody seems to need help now." : "Choose at least one student.");
    if (to.length > NAMED_MOST) return setText(this.complaint, `An assignment names ${NAMED_MOST} students at most: assign it to everybody.`);
    const assignment = { deck_id };
    if (this.cards.size > 0) assignment.cards = [...this.cards.keys()];
    if (to.length > 0) assignment.to = to;
    this.does.assign(assignment);
    this.clear();
  }

  warmUp(event) {
    event.preventDefault();
    const { deck_id } = this.picker;
    setText(this.complaint, deck_id === null ? "The class has no deck to review." : "");
    if (deck_id !== null) this.does.warmUp(deck_id, Number(this.count.value));
  }

  assignedRow(deck_id) {
    const title = h("span", {});
    const put = () => setText(title, this.titles.get(deck_id) ?? "A deck");
    return { element: h("li", { "data-deck-id": deck_id }, title, h("button", { type: "button", onclick: () => this.does.withdraw(deck_id) }, "Take back")), put };
  }
}
