// A live lesson as its teacher sees and steers it. What comes over the monitor socket is drawn at most once a frame.

import { CardTexts } from "./card-texts.js";
import { LiveAsk } from "./live-ask.js";
import { LiveCards } from "./live-cards.js";
import { LiveEnd } from "./live-end.js";
import { LiveGrid, needLine } from "./live-grid.js";
import { LiveHead } from "./live-head.js";
import { LiveLobby } from "./live-lobby.js";
import { AssignForm, MessageForm } from "./live-steer.js";
import { LiveTotals } from "./live-totals.js";
import { MonitorClient } from "./monitor-client.js";
import { StudentPanel } from "./live-student.js";
import { h, show } from "./dom.js";
import { refusalText } from "./lesson-words.js";

/** Clocks on the page go on so often. */
const CLOCK_MS = 250;

export class LiveView {
  constructor(app, class_id) {
    this.app = app;
    this.class_id = class_id;
    this.title = "Live lesson";
    const { classes } = app;
    const { clock } = app.client;
    this.clock = clock;
    this.client = new MonitorClient({
      class_id,
      token: () => app.api.token(),
      clock,
      api: app.api,
      onChange: () => this.schedule(),
      onSettled: (effect) => this.settled(effect),
    });
    this.texts = new CardTexts(app.api, () => this.schedule(true));
    const numberOf = (student_id) => this.grid.numbers.get(student_id);
    const outcome = (id) => this.client.monitor.outcomes.get(id);
    this.head = new LiveHead(this.client, { class_id, onProjector: () => this.project(), onOrder: (by_need) => this.grid.orderByNeed(by_need, this.picture) });
    this.totals = new LiveTotals();
    this.grid = new LiveGrid((student_id) => this.student.open(student_id, this.picture, clock.now()));
    this.student = new StudentPanel({ numberOf, extraTime: (student_id, percent) => this.say({ type: "extra_time", student_id, percent }), remove: (student_id) => this.say({ type: "remove", student_id }) });
    this.asks = new LiveAsk({ api: classes, texts: this.texts }, { ask: (card, seconds) => this.ask(card, seconds), again: (question, seconds) => this.askAgain(question, seconds), close: ({ ask_id }) => this.say({ type: "close_ask", ask_id }), end: () => this.say({ type: "end_ask" }) });
    const accept = ({ deck_id, card_id }, text) => this.say({ type: "accept", deck_id, card_id, text });
    this.cards = new LiveCards(this.texts, { accept, outcome, numberOf, ask: (card) => this.asks.ask(card) });
    this.message = new MessageForm((message) => this.say({ type: "message", message }));
    this.assign = new AssignForm(classes, { numberOf, assign: (assignment) => this.say({ type: "assign", ...assignment }), withdraw: (deck_id) => this.say({ type: "withdraw", deck_id }), warmUp: (deck_id, count) => this.say({ type: "warm_up", deck_id, count }) });
    this.end = new LiveEnd({ api: classes, texts: this.texts, class_id, numberOf });
    this.lobby = new LiveLobby(app.join, class_id);
    this.need = h("p", { className: "need-line", role: "status" });
    this.steer = h("div", { className: "live-steer" }, this.message.element, this.assign.element);
    this.element = h(
      "section",
      { className: "live" },
      this.head.element,
      this.end.element,
      this.totals.element,
      h(
        "div",
        { className: "live-body" },
        h("div", { className: "live-tools" }, this.asks.element, this.lobby.element, this.steer),
        h("div", { className: "live-main" }, h("section", { className: "live-students", "aria-label": "Students" }, h("h2", {}, "Students"), this.need, this.grid.element), this.cards.element),
      ),
      this.student.element,
    );
    if (app.is_stand_in) for (const part of [this.head.back, this.lobby.element, this.asks.choose, this.assign.element]) show(part, false);
    this.onKey = (event) => event.key === "Escape" && this.is_projected && !this.student.element.open && this.project();
  }

  get picture() {
    return this.client.monitor.picture;
  }

  enter() {
    document.body.classList.add("teaching");
    addEventListener("keydown", this.onKey);
    this.client.begin();
    this.ticker = setInterval(() => this.schedule(), CLOCK_MS);
    if (!this.app.is_stand_in) this.load();
  }

  leave() {
    this.gone = true;
    document.body.classList.remove("teaching", "projected");
    removeEventListener("keydown", this.onKey);
    clearInterval(this.ticker);
    this.lobby.end();
    this.client.end();
  }

  /** What the class is called, and which decks it has. */
  async load() {
    try {
      const found = await this.app.classes.one(this.class_id);
      this.head.name(found.title);
      const decks = await Promise.all(found.decks.map((deck_id) => this.app.api.deck(deck_id).catch(() => null)));
      if (this.gone) return;
      this.asks.picker.putDecks(decks.filter(Boolean));
      this.assign.putDecks(decks.filter(Boolean));
    } catch (error) {
      this.app.toasts.say(error.message, "bad");
    }
  }

  /** Draws with the next frame of the screen; `forced`: also what no row says, such as texts that came. */
  schedule(forced = false) {
    this.is_forced ||= forced;
    if (this.is_scheduled || this.gone) return;
    this.is_scheduled = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.is_scheduled = false;
    if (this.gone) return;
    const forced = this.is_forced === true;
    this.is_forced = false;
    const now = this.clock.now();
    this.head.update(now);
    const { picture } = this;
    show(this.totals.element, picture.isKnown);
    if (!picture.isKnown) return;
    const changed = picture.takeChanged();
    this.totals.update(picture, changed, now);
    this.grid.update(picture, changed);
    if (changed.students.size > 0) needLine(this.need, picture);
    this.asks.update(picture, changed, now, forced);
    this.cards.update(picture, changed, forced);
    this.message.update(picture);
    this.assign.update(picture, changed);
    this.student.update(picture, changed, now);
    this.end.update(picture, changed, forced);
    if (!this.app.is_stand_in) this.lobby.update(picture.document);
    show(this.asks.element, picture.isOn || picture.question !== null);
    show(this.steer, picture.isOn);
  }

  /** Gives a command, and returns its id. */
  say(command) {
    return this.client.command(command);
  }

  ask({ deck_id, card_id }, seconds) {
    this.say({ type: "ask", ask_id: this.client.freshId(), deck_id, card_id, closes_at: this.closesAfter(seconds) });
  }

  askAgain({ ask_id, deck_id, card_id }, seconds) {
    this.say({ type: "ask", ask_id, deck_id, card_id, closes_at: this.closesAfter(seconds), second: true });
  }

  closesAfter(seconds) {
    return this.clock.now() + 1_000 * seconds;
  }

  settled({ type, refusal }) {
    if (refusal !== null && type !== "accept") this.app.toasts.say(refusalText(type, refusal), "bad");
    if (refusal === null && DONE[type]) this.app.toasts.say(DONE[type], "good");
    this.schedule(true);
  }

  /** Large, without the teacher's tools: for the whole class to look at. */
  project() {
    this.is_projected = !this.is_projected;
    document.body.classList.toggle("projected", this.is_projected);
    this.head.projected(this.is_projected);
  }
}

const DONE = { message: "All see the message.", assign: "Assigned: these cards come next.", warm_up: "Warm-up: the cards that are about to be forgotten come next.", extra_time: "The extra time is kept.", remove: "Removed from the lesson." };
