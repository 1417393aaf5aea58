// The decks, with what is due in each.

import { ApiError } from "./api.js";
import { h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { mayTeach } from "./view-classes.js";
import { mayImportPeople } from "./view-roster.js";
import { meSettings } from "./view-settings.js";

/** So long until the decks are asked for again, when they did not come; each time twice as long, up to the second of these. */
const AGAIN_MS = [3_000, 60_000];
/** Requests for counts at the same time. */
const AT_ONCE = 4;
const KINDS = ["new", "learning", "review"];

export class DecksView {
  constructor(app) {
    this.app = app;
    this.again_ms = AGAIN_MS[0];
    this.title = "";
    this.totals = countRow();
    this.list = h("ul", { className: "decks", "aria-label": "Decks" });
    this.note = h("p", { className: "quiet", role: "status" }, "Fetching your decks…");
    this.people = h("a", { className: "button", href: "#/people", hidden: true }, "People");
    this.classes = h("a", { className: "button", href: "#/classes", hidden: true }, "Classes");
    this.homework = h("a", { className: "button", href: "#/homework", hidden: true }, "Homework");
    this.hint = h("p", { className: "quiet drop-hint" }, "Drop a CSV or TSV file anywhere on this page to make a deck of it.");
    this.make = h("a", { className: "button", href: "#/import" }, "New deck");
    this.study_all = h("a", { className: "button primary", href: "#/study" }, "Study all");
    this.day = h("div", {});
    this.element = h(
      "section",
      { className: "home" },
      h(
        "div",
        { className: "home-head" },
        h("div", {}, h("h1", {}, "Today"), this.totals.element),
        h("div", { className: "row" }, this.classes, this.people, this.homework, this.make, this.study_all),
      ),
      this.note,
      this.list,
      this.day,
      this.hint,
    );
  }

  enter() {
    this.load();
  }

  leave() {
    this.gone = true;
    clearTimeout(this.timer);
  }

  /** Fetches again as soon as the server is back after it could not be reached. */
  update() {
    const ready = this.app.client.session.link.isReady;
    if (ready && this.failed) this.load();
    show(this.people, mayImportPeople(this.app.me));
    show(this.classes, mayTeach(this.app.me));
    // A guest studies and makes nothing.
    for (const part of [this.make, this.hint]) show(part, this.app.me?.role !== "guest");
    // Who is of a school, and no teacher, may have some.
    show(this.homework, this.app.me !== null && this.app.me.org !== null && !mayTeach(this.app.me));
    this.offerDay();
  }

  /** When the day begins, and where: shown once it is known. */
  offerDay() {
    if (this.app.me === null || this.day.childElementCount > 0) return;
    const settings = meSettings(async (change) => {
      this.app.me = await this.app.api.changeMe(change);
      this.app.update();
      return this.app.me;
    });
    settings.put(this.app.me);
    this.day.replaceChildren(settings.element);
  }

  async load() {
    this.failed = false;
    clearTimeout(this.timer);
    try {
      const [decks, due] = await Promise.all([this.app.api.decks(), this.app.api.due()]);
      if (this.gone) return;
      this.again_ms = AGAIN_MS[0];
      this.totals.put(due.counts);
      this.draw(decks);
      this.offerDay();
    } catch (error) {
      if (this.gone) return;
      setText(this.note, error.message);
      if (!(error instanceof ApiError && error.isPassing)) return;
      this.failed = error.status === 0;
      // The server may be there already, and nothing else happen that would tell.
      this.timer = setTimeout(() => this.load(), this.again_ms * (0.75 + Math.random() / 2));
      this.again_ms = Math.min(2 * this.again_ms, AGAIN_MS[1]);
    }
  }

  draw(decks) {
    setText(this.note, decks.length === 0 ? "There is no deck yet. Make one from a file, or from two columns that you paste." : "");
    this.note.hidden = decks.length > 0;
    const rows = decks.map((deck) => ({ deck, counts: countRow(), studied: h("span", { className: "mastery" }) }));
    this.list.replaceChildren(...rows.map((row) => deckRow(row)));
    this.fillCounts(rows);
  }

  /** Asks for each deck's figures, a few at a time, in the order shown. */
  async fillCounts(rows) {
    const waiting = rows.slice();
    const worker = async () => {
      for (let row = waiting.shift(); row && !this.gone; row = waiting.shift()) {
        const progress = await this.app.api.progress(row.deck.deck_id).catch(() => null);
        if (!progress) continue;
        row.counts.put(progress.due);
        setText(row.studied, progress.mastered > 0 ? `${Math.round(masteryOf(progress))} % mastered` : "");
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}

function masteryOf({ mastered, cards }) {
  return cards > 0 ? (100 * mastered) / cards : 0;
}

function deckRow({ deck, counts, studied }) {
  const path = (deck.path ?? "").split("::").slice(0, -1).join(" › ");
  return h(
    "li",
    { className: "deck", "data-deck-id": deck.deck_id },
    h(
      "a",
      { className: "deck-name", href: `#/deck/${deck.deck_id}` },
      path ? h("span", { className: "deck-path" }, path) : null,
      h("span", { className: "deck-title" }, deck.title),
      h("span", { className: "deck-cards" }, counted(deck.cards ?? 0, "card"), studied),
    ),
    counts.element,
    h("a", { className: "button study-link", href: `#/study/${deck.deck_id}`, "aria-label": `Study ${deck.title}` }, "Study"),
  );
}

/** New, learning, review as a small row; dashes until they are known. */
export function countRow() {
  const numbers = KINDS.map((kind) => h("b", { className: `count ${kind}` }, "–"));
  const element = h(
    "div",
    { className: "counts" },
    KINDS.map((kind, at) => h("span", { className: "count-pair" }, numbers[at], h("span", { className: "count-name" }, kind))),
  );
  const put = (counts) => KINDS.forEach((kind, at) => setText(numbers[at], String(counts?.[kind] ?? 0)));
  return { element, put };
}
