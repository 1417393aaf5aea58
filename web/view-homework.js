// A learner's own homework: what is due next comes first.

import { STANDINGS, dueText, progressText, ruleText } from "./homework.js";
import { h, setText } from "./dom.js";

export class HomeworkView {
  constructor(app) {
    this.app = app;
    this.title = "Homework";
    this.note = h("p", { className: "quiet", role: "status" }, "Fetching your homework…");
    this.list = h("ul", { className: "decks own-homework", "aria-label": "Homework" });
    this.element = h("section", { className: "home" }, h("a", { href: "#/", className: "back-link" }, "‹ Decks"), h("div", { className: "home-head" }, h("h1", {}, this.title)), this.note, this.list);
  }

  enter() {
    this.load();
  }

  leave() {
    this.gone = true;
  }

  async load() {
    try {
      const [items, decks] = await Promise.all([this.app.classes.ownHomework(), this.app.api.decks()]);
      if (this.gone) return;
      const titles = new Map(decks.map(({ deck_id, title }) => [deck_id, title]));
      this.list.replaceChildren(...items.map((item) => row(item, titles.get(item.deck_id) ?? "A deck")));
      setText(this.note, items.length === 0 ? "Nothing is set for you." : "");
    } catch (error) {
      setText(this.note, error.message);
    }
  }
}

function row(item, title) {
  return h(
    "li",
    { className: "deck", "data-homework-id": item.homework_id, "data-status": item.status },
    h("div", { className: "deck-name" }, h("span", { className: "deck-title" }, title), h("span", { className: "deck-cards" }, `${dueText(item.due)} · ${ruleText(item.rule)}`)),
    h("span", { className: "standing" }, `${STANDINGS[item.status] ?? item.status} · ${progressText(item)}`),
    h("a", { className: "button study-link", href: `#/study/${item.deck_id}`, "aria-label": `Study ${title}` }, "Study"),
  );
}
