// The classes that one runs, and a new one.

import { busily, h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { mayImportPeople } from "./view-roster.js";
import { AskedOnce } from "./ids.js";

const TEACHES = ["owner", "admin", "teacher"];

/** Whether somebody has classes to run, as far as a role says. */
export function mayTeach(me) {
  return me !== null && TEACHES.includes(me.role);
}

export class ClassesView {
  constructor(app) {
    this.app = app;
    this.asked = new AskedOnce();
    this.title = "Classes";
    this.note = h("p", { className: "quiet", role: "status" }, "Fetching your classes…");
    this.list = h("ul", { className: "decks classes", "aria-label": "Classes" });
    this.field = h("input", { id: "class-title", required: true, maxLength: 200, autocomplete: "off" });
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.button = h("button", { className: "primary" }, "Make the class");
    this.form = h(
      "form",
      { className: "panel", hidden: true, onsubmit: (event) => this.make(event) },
      h("h2", {}, "A new class"),
      h("label", { htmlFor: "class-title" }, "What it is called"),
      h("div", { className: "row inline-form" }, this.field, this.button),
      this.complaint,
    );
    this.own_id = h("p", { className: "quiet", hidden: true });
    this.people = h("a", { className: "button", href: "#/people", hidden: true }, "Enroll people");
    this.element = h(
      "section",
      { className: "home classes-page" },
      h("a", { href: "#/", className: "back-link" }, "‹ Decks"),
      h("div", { className: "home-head" }, h("h1", {}, "Classes"), h("div", { className: "row" }, this.people)),
      this.note,
      this.list,
      this.form,
      this.own_id,
    );
  }

  enter() {
    this.load();
  }

  leave() {
    this.gone = true;
  }

  update() {
    const { me } = this.app;
    show(this.form, mayTeach(me));
    show(this.own_id, mayTeach(me));
    if (mayTeach(me)) setText(this.own_id, `Your user id, by which others name you as a teacher of theirs: ${me.user_id}`);
    show(this.people, mayImportPeople(this.app.me));
    this.list.classList.toggle("without-live", !this.app.offers("live_class"));
  }

  async load() {
    try {
      const classes = await this.app.classes.own();
      if (this.gone) return;
      this.list.replaceChildren(...classes.map(classRow));
      setText(this.note, classes.length === 0 ? "You run no class yet." : "");
      show(this.note, classes.length === 0);
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  /** The same key until the class is there: a second press makes no second one. */
  async make(event) {
    event.preventDefault();
    const title = this.field.value.trim();
    if (title === "") return;
    setText(this.complaint, "");
    try {
      const made = await busily(this.button, () => this.app.classes.make(title, this.asked.keyOf(title)));
      this.asked.done();
      this.app.go(`#/class/${made.class_id}`);
    } catch (error) {
      setText(this.complaint, error.message);
    }
  }
}

function classRow({ class_id, title, students, decks }) {
  const about = [counted(students?.length ?? 0, "student"), counted(decks.length, "deck")].join(" · ");
  return h(
    "li",
    { className: "deck", "data-class-id": class_id },
    h("a", { className: "deck-name", href: `#/class/${class_id}` }, h("span", { className: "deck-title" }, title), h("span", { className: "deck-cards" }, about)),
    h("span", {}),
    h("a", { className: "button live-way", href: `#/class/${class_id}/live`, "aria-label": `Live lesson of ${title}` }, "Live lesson"),
  );
}
