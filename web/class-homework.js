// Homework of a class: what is set until when, and how each student stands with it.

import { busily, h, setText, show } from "./dom.js";
import { CardPicker } from "./card-picker.js";
import { counted } from "./format.js";
import { plainText } from "./card-texts.js";
import { STANDINGS, dueText, inDays, ruleText, sumsOf } from "./homework.js";

const BEGIN_WITH_DAYS = 7;
/** Cards and students that homework may name. */
const NAMED_MOST = 200;

export class ClassHomework {
  /**
   * @param {import("./class-api.js").ClassApi} api
   * @param {string} class_id
   */
  constructor(api, class_id) {
    Object.assign(this, { api, class_id });
    this.titles = new Map();
    this.deck = h("select", { id: "homework-deck" });
    this.due = h("input", { id: "homework-due", type: "date", required: true, value: inDays(new Date(), BEGIN_WITH_DAYS) });
    this.rule = h("select", { id: "homework-rule", onchange: () => this.drawRule() }, h("option", { value: "days" }, "studied on so many days"), h("option", { value: "each_card" }, "each card answered"));
    this.days = h("input", { id: "homework-days", type: "number", min: 1, max: 366, step: 1, value: 3 });
    this.days_part = h("div", {}, h("label", { htmlFor: "homework-days" }, "Days"), this.days);
    this.cards = new Map();
    this.picker = new CardPicker(api, { verb: "Add", onCard: (card) => this.add(card), deck: this.deck });
    this.deck.addEventListener("change", () => this.clear());
    this.chosen = h("ul", { className: "chosen-cards", "aria-label": "Cards of the homework" });
    this.some_cards = h("details", { className: "homework-cards", ontoggle: () => this.some_cards.open && this.picker.search() }, h("summary", {}, "Only some cards of it"), this.picker.element, this.chosen);
    this.people = h("fieldset", { className: "assign-people" }, h("legend", {}, "Students"));
    this.some_people = h("details", { className: "homework-people" }, h("summary", {}, "Only for some students"), this.people);
    this.button = h("button", { className: "primary" }, "Set it");
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.note = h("p", { className: "quiet", role: "status" });
    this.list = h("ul", { className: "homework-list", "aria-label": "Homework of the class" });
    const field = (label, input) => h("div", {}, h("label", { htmlFor: input.id }, label), input);
    this.form = h(
      "form",
      { onsubmit: (event) => this.set(event) },
      h("div", { className: "setting-grid" }, field("Deck", this.deck), field("Due on", this.due), field("Done when", this.rule), this.days_part),
      this.some_cards,
      this.some_people,
      h("div", { className: "row" }, this.button),
      this.complaint,
    );
    this.element = h("details", { className: "panel class-homework", ontoggle: () => this.element.open && this.load() }, h("summary", {}, "Homework"), this.note, this.list, this.form);
  }

  /** The decks of the class: what can be set. */
  putDecks(decks) {
    this.titles = new Map(decks.map(({ deck_id, title }) => [deck_id, title]));
    this.deck.replaceChildren(...decks.map(({ deck_id, title }) => h("option", { value: deck_id }, title)));
    show(this.form, decks.length > 0);
  }

  /** The students of the class: for whom it can be set. */
  putStudents(students) {
    const before = new Set(this.chosenPeople());
    const boxes = students.map(({ user_id, name }) => h("label", { className: "switch" }, h("input", { type: "checkbox", value: user_id, checked: before.has(user_id) }), name || "–"));
    this.people.replaceChildren(h("legend", {}, "Students"), ...boxes);
    show(this.some_people, students.length > 0);
  }

  chosenPeople() {
    return [...this.people.querySelectorAll("input:checked")].map(({ value }) => value);
  }

  add(card) {
    if (this.cards.size >= NAMED_MOST) return setText(this.complaint, `Homework names ${NAMED_MOST} cards at most: set the deck instead.`);
    this.cards.set(card.card_id, card);
    this.drawCards();
  }

  clear() {
    this.cards.clear();
    this.drawCards();
  }

  drawCards() {
    const rows = [...this.cards.values()].map((card) =>
      h("li", { "data-card-id": card.card_id }, plainText(card.front), h("button", { type: "button", className: "plain-button", onclick: () => this.cards.delete(card.card_id) && this.drawCards() }, "Remove", h("span", { className: "unseen" }, ` ${plainText(card.front)}`))),
    );
    this.chosen.replaceChildren(...rows);
  }

  drawRule() {
    show(this.days_part, this.rule.value === "days");
  }

  async load() {
    try {
      const all = await this.api.homework(this.class_id);
      this.list.replaceChildren(...all.map((homework) => this.row(homework)));
      setText(this.note, all.length === 0 ? "Nothing is set." : "");
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  row(homework) {
    const sums = h("p", { className: "quiet" });
    const students = h("table", { "aria-label": "How each student stands" });
    const remove = h("button", { type: "button", className: "plain-button danger", onclick: () => this.remove(remove, homework) }, "Remove");
    const title = [this.titles.get(homework.deck_id) ?? "A deck", ...namedIn(homework)].join(", ");
    const part = h(
      "details",
      { "data-homework-id": homework.homework_id, ontoggle: () => part.open && this.loadStanding(homework, sums, students) },
      h("summary", {}, `${title}, ${dueText(homework.due)}: ${ruleText(homework.rule)}`),
      sums,
      students,
      remove,
    );
    return h("li", {}, part);
  }

  async loadStanding({ homework_id }, sums, students) {
    try {
      const found = await this.api.homeworkStanding(this.class_id, homework_id);
      setText(sums, sumsOf(found.students));
      const cells = ({ name, status, days, cards }) => [name || "–", STANDINGS[status] ?? status, String(days), `${cards} of ${found.of_cards}`];
      const head = h("thead", {}, h("tr", {}, ["Student", "Stands", "Days", "Cards"].map((text) => h("th", { scope: "col" }, text))));
      const rows = found.students.map((student) => h("tr", { "data-status": student.status, "data-user-id": student.user_id }, cells(student).map((text) => h("td", {}, text))));
      students.replaceChildren(head, h("tbody", {}, rows));
    } catch (error) {
      setText(sums, error.message);
    }
  }

  async set(event) {
    event.preventDefault();
    const rule = this.rule.value === "days" ? { kind: "days", days: Number(this.days.value) } : { kind: "each_card" };
    const to = this.chosenPeople();
    if (to.length > NAMED_MOST) return setText(this.complaint, `Homework names ${NAMED_MOST} students at most: set it to everybody.`);
    const homework = { deck_id: this.deck.value, due: this.due.value, rule };
    if (this.cards.size > 0) homework.cards = [...this.cards.keys()];
    if (to.length > 0) homework.to = to;
    if (!(await this.change(this.button, () => this.api.setHomework(this.class_id, homework)))) return;
    this.clear();
    this.people.querySelectorAll("input:checked").forEach((box) => (box.checked = false));
  }

  async remove(button, { homework_id }) {
    if (!confirm("Remove this homework? What was answered stays.")) return;
    await this.change(button, () => this.api.removeHomework(this.class_id, homework_id));
  }

  async change(button, work) {
    setText(this.complaint, "");
    try {
      await busily(button, work);
      await this.load();
      return true;
    } catch (error) {
      setText(this.complaint, error.message);
      return false;
    }
  }
}

/** How many cards and students homework names, where it does. */
function namedIn({ cards = [], to = [] }) {
  return [cards.length > 0 ? counted(cards.length, "card") : null, to.length > 0 ? `for ${counted(to.length, "student")}` : null].filter(Boolean);
}
