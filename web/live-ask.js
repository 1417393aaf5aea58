// A question to the class: choosing the card, the clock, the votes as they come, and a second vote after talking.

import { CardPicker } from "./card-picker.js";
import { h, setHtml, setText, show } from "./dom.js";
import { GRADES, counted } from "./format.js";
import { barText, clockText } from "./lesson-words.js";

const SECONDS = [15, 30, 45, 60, 90, 120, 180, 300];
const BEGIN_WITH_S = 60;
const ROUNDS = ["First vote", "Second vote"];

export class LiveAsk {
  /**
   * @param {{api: object, texts: import("./card-texts.js").CardTexts}} parts
   * @param {{ask: (card: object, seconds: number) => void, again: (question: object, seconds: number) => void,
   *   close: (question: object) => void, end: () => void}} does
   */
  constructor({ api, texts }, does) {
    this.texts = texts;
    this.does = does;
    this.picker = new CardPicker(api, { verb: "Ask", onCard: (card) => this.ask(card) });
    this.seconds = h("select", { id: "ask-seconds" }, SECONDS.map((s) => h("option", { value: s, selected: s === BEGIN_WITH_S }, `${s} seconds`)));
    this.choose = h("details", { className: "ask-choose" }, h("summary", {}, "Ask a card"), this.picker.element);
    this.front = h("div", { className: "card-html ask-front" });
    this.back = h("div", { className: "card-html ask-back", hidden: true });
    this.clock = h("span", { className: "ask-clock", role: "timer", "aria-live": "off" });
    this.votes = h("span", { className: "quiet" });
    this.said = h("p", { className: "unseen", role: "status" });
    this.table = h("table", { className: "histogram", "aria-label": "Votes" });
    this.answer_button = h("button", { type: "button", onclick: () => this.turn() }, "Show the answer");
    this.again_button = h("button", { type: "button", onclick: () => this.again() }, "Vote again");
    this.close_button = h("button", { type: "button", hidden: true, onclick: () => this.does.close(this.question) }, "Close the vote");
    this.end_button = h("button", { type: "button", onclick: () => this.does.end() }, "Take the question away");
    this.put_part = h(
      "div",
      { className: "ask-put", hidden: true },
      h("div", { className: "ask-line" }, this.clock, this.close_button, this.votes),
      this.front,
      this.back,
      this.table,
      h("div", { className: "row" }, this.answer_button, this.again_button, this.end_button),
    );
    this.element = h(
      "section",
      { className: "panel live-ask", "aria-label": "Question to the class" },
      h("h2", {}, "Question"),
      this.said,
      this.put_part,
      h("div", { className: "ask-time" }, h("label", { htmlFor: "ask-seconds" }, "Time to answer"), this.seconds),
      this.choose,
    );
    this.question = null;
  }

  ask(card) {
    this.choose.open = false;
    this.does.ask(card, Number(this.seconds.value));
    this.element.scrollIntoView({ block: "nearest" });
  }

  again() {
    this.does.again(this.question, Number(this.seconds.value));
  }

  turn() {
    show(this.back, this.back.hidden);
    setText(this.answer_button, this.back.hidden ? "Show the answer" : "Hide the answer");
  }

  /** `forced`: a text came. */
  update(picture, { has_ask, has_document }, now, forced) {
    if (has_ask || has_document || forced) this.draw(picture);
    this.tick(picture, now);
  }

  draw(picture) {
    const { question, ask } = picture;
    const another = question?.ask_id !== this.question?.ask_id;
    this.question = question;
    show(this.put_part, question !== null);
    this.choose.inert = !picture.isOn;
    if (question === null) return;
    const texts = this.texts.of(question.deck_id, question.card_id);
    setHtml(this.front, texts?.front ?? "…");
    setHtml(this.back, texts?.back ?? "");
    if (another && !this.back.hidden) this.turn();
    const rounds = ask?.ask_id === question.ask_id ? ask.rounds : [];
    this.drawVotes(rounds, picture.totals?.here ?? 0);
  }

  drawVotes(rounds, here) {
    const newest = rounds.at(-1) ?? { votes: 0, correct: 0 };
    setText(this.votes, `${counted(newest.votes, "vote")} of ${here} here, ${newest.correct} right`);
    this.rounds = rounds.length;
    this.table.replaceChildren(...histogram(rounds));
  }

  /** What the clock and the buttons say; `now`: by the server's clock. */
  tick(picture, now) {
    const { question, document } = picture;
    if (question === null) return;
    const is_put = document.ask?.ask_id === question.ask_id;
    const left = question.closes_at - now;
    const is_open = is_put && left > 0;
    setText(this.clock, is_open ? clockText(left) : is_put ? "Closed" : "Taken away");
    this.clock.dataset.state = is_open ? "open" : "closed";
    show(this.again_button, is_put && !is_open && this.rounds < 2);
    show(this.close_button, is_open);
    show(this.end_button, is_put);
    const state = is_open ? `A question is open.` : is_put ? "The vote is closed." : "";
    setText(this.said, state);
  }
}

/** Rows of what was said, the most frequent first, with a bar for each vote. */
function histogram(rounds) {
  const bars = new Map();
  rounds.forEach((round, nth) => {
    for (const bar of round.bars) {
      const label = barText(bar, GRADES);
      if (!bars.has(label)) bars.set(label, { label, is_right: bar.grade >= 3, times: rounds.map(() => 0) });
      bars.get(label).times[nth] += bar.times;
    }
  });
  const most = Math.max(1, ...[...bars.values()].flatMap(({ times }) => times));
  const cell = (times) => {
    const fill = h("span", { className: "bar-fill", "aria-hidden": "true" });
    fill.style.setProperty("--share", `${Math.round((100 * times) / most)}%`);
    return h("td", {}, fill, h("span", { className: "bar-count" }, String(times)));
  };
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Said"), rounds.map((_, nth) => h("th", { scope: "col" }, ROUNDS[nth] ?? `Vote ${nth + 1}`))));
  const rows = [...bars.values()].map(({ label, is_right, times }) => h("tr", { className: is_right ? "right" : null }, h("th", { scope: "row" }, label), times.map(cell)));
  return rounds.length === 0 ? [] : [head, h("tbody", {}, rows)];
}
