// The lesson as a student sees it while studying: the teacher's words, the question with its clock, the pause, the end.

import { h, setText, show } from "./dom.js";
import { clockText } from "./lesson-words.js";

const CLOCK_MS = 250;

const ASK = {
  open: "A question to the whole class",
  answered: "Your answer is in.",
  closed: "The question is closed.",
};

export class AttendingLine {
  /** @param {object} app */
  constructor(app) {
    this.app = app;
    this.message = h("p", { className: "lesson-message", role: "status", hidden: true });
    this.ask_words = h("span", { role: "status" });
    this.clock = h("span", { className: "lesson-clock", role: "timer", "aria-live": "off" });
    this.ask = h("p", { className: "lesson-ask", hidden: true }, this.ask_words, this.clock);
    this.over_words = h("span", { role: "status" });
    this.over = h("p", { className: "lesson-over", hidden: true }, this.over_words, h("button", { type: "button", className: "plain-button", onclick: () => this.dismiss() }, "All right"));
    this.element = h("div", { className: "lesson-line" }, this.ask, this.message, this.over);
  }

  enter() {
    this.ticker = setInterval(() => this.update(), CLOCK_MS);
  }

  leave() {
    clearInterval(this.ticker);
  }

  get attending() {
    return this.app.client.session.attending;
  }

  dismiss() {
    this.attending.dismissEnd();
    this.app.update();
  }

  update() {
    const { state, message, ask } = this.attending.shows(this.app.client.clock.now());
    show(this.message, message !== "");
    setText(this.message, message === "" ? "" : `Your teacher: ${message}`);
    show(this.ask, ask !== null);
    if (ask !== null) {
      setText(this.ask_words, ASK[ask.state]);
      setText(this.clock, ask.state === "closed" ? "" : clockText(ask.left_ms));
      if (this.ask.dataset.state !== ask.state) this.ask.dataset.state = ask.state;
    }
    show(this.over, state === "over");
    show(this.element, message !== "" || ask !== null || state === "over");
    setText(this.over_words, state === "over" ? "The lesson is over. What you answered counts." : "");
  }
}

/** What stands in the card's place while the teacher has paused the lesson. */
export class PausedView {
  constructor(onAlone) {
    this.alone = h("button", { type: "button", className: "plain-button", onclick: onAlone }, "Study on by myself");
    this.element = h(
      "div",
      { className: "paused", hidden: true },
      h("h2", { role: "status" }, "Your teacher has paused the lesson."),
      h("p", { className: "quiet" }, "Time does not count now. Your card comes back when the lesson goes on."),
      this.alone,
    );
  }

  update(is_paused) {
    show(this.element, is_paused);
  }
}
