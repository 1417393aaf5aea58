// The end of a sitting: figures, and when the next card comes.

import { h, setText, show } from "./dom.js";
import { counted, durationText, momentText } from "./format.js";

const MORE_NEW = 10;

export class DoneView {
  constructor(app, onMore) {
    this.app = app;
    this.heading = h("h2", {}, "Done for now");
    this.next = h("p", { className: "lead" });
    this.figures = h("dl", { className: "figures" });
    this.element = h(
      "div",
      { className: "done", hidden: true },
      h("div", { className: "done-mark", "aria-hidden": "true" }, "✓"),
      this.heading,
      this.next,
      this.figures,
      h(
        "div",
        { className: "row" },
        h("a", { className: "button primary", href: "#/" }, "Back to the decks"),
        h("button", { type: "button", onclick: () => onMore({ new: MORE_NEW }) }, `${MORE_NEW} more new cards`),
      ),
    );
  }

  /** `done`: the frame, or null to hide. */
  update(done) {
    const appears = done !== null && this.element.hidden;
    show(this.element, done !== null);
    if (done === null) return;
    setText(this.next, nextText(done, this.app.client.clock.now()));
    if (this.drawn === done) return;
    this.drawn = done;
    setText(this.heading, done.answered > 0 ? "Done for now" : "Nothing is due");
    this.drawFigures(done);
    if (appears) this.heading.scrollIntoView({ block: "nearest" });
  }

  drawFigures(done) {
    const figure = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    const correct = done.answered > 0 ? `${Math.round((100 * done.correct) / done.answered)} %` : "–";
    this.figures.replaceChildren(
      figure("Answers", String(done.answered)),
      figure("Cards", String(done.cards)),
      figure("Correct", correct),
      figure("Time", durationText(done.elapsed_ms)),
    );
    show(this.figures, done.answered > 0);
  }
}

function nextText(done, now) {
  if (done.held_elsewhere > 0) {
    const one = done.held_elsewhere === 1;
    return `Your other device or tab holds ${counted(done.held_elsewhere, "card")}. ${one ? "It follows" : "They follow"} here when it lets go.`;
  }
  if (done.next_due_at === null || done.next_due_at === undefined) return "No further card has a day yet.";
  return `The next card is due ${momentText(done.next_due_at, now)}.`;
}
