// One class: the way into its live lesson, its decks, its students, and the lessons that are over.

import { ClassHomework } from "./class-homework.js";
import { ClassGuests, ClassSubstitutes, ClassTeachers } from "./class-people.js";
import { busily, h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { saveReport } from "./live-end.js";
import { accuracy } from "./standing.js";

export class ClassView {
  constructor(app, class_id) {
    this.app = app;
    this.class_id = class_id;
    this.title = "Class";
    this.heading = h("h1", {}, "…");
    this.note = h("p", { className: "quiet", role: "status" });
    this.decks = h("ul", { className: "class-decks", "aria-label": "Decks of the class" });
    this.deck_choice = h("select", { id: "give-deck" });
    this.give_button = h("button", {}, "Give");
    this.give_form = h("form", { className: "row inline-form", hidden: true, onsubmit: (event) => this.give(event) }, h("label", { htmlFor: "give-deck" }, "Give a deck"), this.deck_choice, this.give_button);
    this.students = h("ul", { className: "class-students", "aria-label": "Students of the class" });
    this.student_note = h("p", { className: "quiet" });
    this.lessons = h("ul", { className: "class-lessons", "aria-label": "Lessons that are over" });
    this.lesson_note = h("p", { className: "quiet" });
    this.more = h("button", { type: "button", hidden: true, onclick: () => busily(this.more, () => this.loadLessons()) }, "Earlier lessons");
    this.homework = new ClassHomework(app.classes, class_id);
    this.teachers = new ClassTeachers(app.classes, class_id);
    this.substitutes = new ClassSubstitutes(app.classes, class_id);
    this.guests = new ClassGuests(app.classes, class_id);
    this.claim_note = h("p", { className: "quiet" }, "A guest who has an account now makes what the guest did their own at ", h("a", { href: `#/claim/${class_id}` }, `${location.origin}/#/claim/${class_id}`), ".");
    this.live = h("a", { className: "button primary", href: `#/class/${class_id}/live`, hidden: true }, "Live lesson");
    const panel = (title, ...parts) => h("section", { className: "panel", "aria-label": title }, h("h2", {}, title), ...parts);
    this.element = h(
      "section",
      { className: "class-page" },
      h("a", { href: "#/classes", className: "back-link" }, "‹ Classes"),
      h("div", { className: "home-head" }, this.heading, h("div", { className: "row" }, this.live)),
      this.note,
      panel("Decks", this.decks, this.give_form),
      this.homework.element,
      panel("Lessons", this.lesson_note, this.lessons, this.more),
      panel("Students", this.student_note, this.students, this.claim_note),
      this.teachers.element,
      this.substitutes.element,
      this.guests.element,
    );
  }

  enter() {
    this.load();
  }

  leave() {
    this.gone = true;
  }

  update() {
    const has_live = this.app.offers("live_class");
    show(this.live, has_live && this.watches !== false);
    show(this.substitutes.element, has_live);
    show(this.guests.element, has_live);
  }

  /** Whether one watches this class, or reads it alone, as administrators do who are none of its teachers. */
  async loadTeachers() {
    try {
      const { teacher_id, items } = await this.app.classes.teachers(this.class_id);
      const me = this.app.me ?? (await this.app.api.me());
      if (this.gone) return;
      this.watches = [teacher_id, ...items.map(({ user_id }) => user_id)].includes(me.user_id);
      if (!this.watches) setText(this.note, "You read this class as an administrator. Its live lessons are watched by its teachers.");
      this.teachers.put({ teacher_id }, me);
      this.update();
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  async load() {
    try {
      this.found = await this.app.classes.one(this.class_id);
      if (this.gone) return;
      setText(this.heading, this.found.title);
      document.title = `${this.found.title} · studyhall`;
    } catch (error) {
      return setText(this.note, error.message);
    }
    await Promise.all([this.loadDecks(), this.loadStudents(), this.loadLessons(), this.loadTeachers()]);
  }

  async loadDecks() {
    try {
      const all = await this.app.api.decks();
      const given = new Set(this.found.decks);
      const known = new Map(all.map((deck) => [deck.deck_id, deck]));
      // Decks of the class that are none of one's own: who teaches it sees them, too.
      const others_own = this.found.decks.filter((deck_id) => !known.has(deck_id));
      for (const deck of await this.app.classes.decks(others_own)) known.set(deck.deck_id, deck);
      if (this.gone) return;
      this.homework.putDecks(this.found.decks.map((deck_id) => ({ deck_id, title: known.get(deck_id)?.title ?? "A deck" })));
      this.decks.replaceChildren(...this.found.decks.map((deck_id) => this.deckRow(deck_id, known.get(deck_id)?.title ?? "A deck")));
      const others = all.filter(({ deck_id }) => !given.has(deck_id));
      this.deck_choice.replaceChildren(...others.map(({ deck_id, title }) => h("option", { value: deck_id }, title)));
      show(this.give_form, others.length > 0);
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  deckRow(deck_id, title) {
    const button = h("button", { type: "button", className: "plain-button", onclick: () => this.change(button, () => this.app.classes.take(this.class_id, deck_id)) }, "Take away", h("span", { className: "unseen" }, ` ${title}`));
    return h("li", { "data-deck-id": deck_id }, h("a", { href: `#/deck/${deck_id}` }, title), button);
  }

  give(event) {
    event.preventDefault();
    this.change(this.give_button, () => this.app.classes.give(this.class_id, this.deck_choice.value));
  }

  async change(button, work) {
    setText(this.note, "");
    try {
      await busily(button, work);
      this.found = await this.app.classes.one(this.class_id);
      await this.loadDecks();
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  async loadStudents() {
    try {
      const people = await this.app.classes.students(this.class_id);
      if (this.gone) return;
      this.homework.putStudents(people);
      setText(this.student_note, people.length === 0 ? "Nobody yet. Enroll people by a table, or let them join by a code." : counted(people.length, "student"));
      this.students.replaceChildren(...people.map(({ user_id, name }) => h("li", { "data-user-id": user_id }, name || "–")));
    } catch (error) {
      setText(this.student_note, error.message);
    }
  }

  async loadLessons() {
    try {
      const page = await this.app.classes.lessons(this.class_id, this.next ?? null);
      if (this.gone) return;
      this.next = page.next ?? null;
      this.lessons.append(...page.items.map((lesson) => this.lessonRow(lesson)));
      show(this.more, this.next !== null);
      setText(this.lesson_note, this.lessons.childElementCount === 0 ? "No lesson is over yet." : "");
    } catch (error) {
      // A server without live lessons has none to tell of.
      setText(this.lesson_note, error.status === 404 ? "No lesson is over yet." : error.message);
    }
  }

  lessonRow({ lesson_id: lesson, opened_at, students, answered, correct }) {
    const when = new Date(opened_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const right = accuracy({ answered, correct });
    const share = right === null ? "" : `, ${right} % right`;
    const save = (format) => {
      const button = h("button", { type: "button", className: "plain-button", onclick: () => this.save(button, lesson, format) }, format.toUpperCase(), h("span", { className: "unseen" }, ` report of ${when}`));
      return button;
    };
    return h("li", { "data-lesson": lesson }, h("span", {}, when), h("span", { className: "quiet" }, `${counted(students, "student")}, ${counted(answered, "answer")}${share}`), h("span", { className: "card-tools" }, save("csv"), save("json")));
  }

  async save(button, lesson, format) {
    try {
      await busily(button, () => saveReport(this.app.classes, this.class_id, lesson, format));
    } catch (error) {
      setText(this.lesson_note, error.message);
    }
  }
}
