// Studying: the card on screen, the grades, what is left. The card is there at once; the server is told behind it.

import { AttendingLine, PausedView } from "./view-attending.js";
import { CardFace } from "./view-card.js";
import { h, isTyping, setText, show } from "./dom.js";
import { GRADES, counted, daysSpoken, nextDay, outcomeText, studyDay } from "./format.js";
import { DoneView } from "./view-done.js";
import { FLAGS, FlagMenu, Flags } from "./view-flag.js";
import { ModeChoice, TrialRow } from "./view-trial.js";
import { Sitting } from "./sitting.js";
import { isChecked } from "./trials.js";

export class StudyView {
  constructor(app, deck_id) {
    this.app = app;
    this.deck_id = deck_id;
    this.title = "Study";
    this.sitting = new Sitting(deck_id, app.client.clock);
    this.face = new CardFace(() => this.flip());
    this.done = new DoneView(app, (more) => this.studyMore(more));
    this.flags = new Flags(app.api, () => this.update());
    this.flag_menu = new FlagMenu(app, (flag) => this.setFlag(flag));
    this.trial = new TrialRow((text) => this.respond(text), () => this.next());
    this.mode = new ModeChoice((mode) => this.studyIn(mode));
    this.element = h("section", { className: "study", "aria-label": "Study" }, this.buildHead(), this.buildStage(), this.buildFoot());
    this.onKey = (event) => this.key(event);
  }

  buildHead() {
    this.lesson_line = new AttendingLine(this.app);
    this.heading = h("h1", {}, this.deck_id ? "" : "All decks");
    this.counts = Object.fromEntries(
      ["new", "learning", "review"].map((kind) => [kind, h("b", { className: `count ${kind}`, "data-count": kind }, "–")]),
    );
    const count = (kind) => h("span", { className: "count-pair", "data-kind": kind }, this.counts[kind], h("span", { className: "count-name" }, kind));
    this.count_row = h("div", { className: "counts", "aria-hidden": "true" }, ["new", "learning", "review"].map(count));
    this.spoken = h("p", { className: "unseen", "aria-live": "polite" });
    this.progress = h("div", { className: "progress-fill" });
    this.tools = h(
      "div",
      { className: "tools" },
      (this.undo_button = tool("Undo", "u", "Take the last answer back", () => this.undo())),
      (this.bury_button = tool("Bury", "b", "Not again today", () => this.bury())),
      (this.suspend_button = tool("Suspend", "s", "Not again until it is taken back", () => this.set({ suspended: true }))),
      (this.flag_button = tool("Flag", "f", "Mark this card", () => this.openFlags())),
      this.mode.element,
      this.flag_menu.element,
    );
    return h(
      "header",
      { className: "study-head" },
      h("div", { className: "study-title" }, h("a", { href: "#/", className: "back", "aria-label": "Back to the decks" }, "‹"), this.heading),
      this.count_row,
      this.spoken,
      this.tools,
      this.lesson_line.element,
      h("div", { className: "progress", "aria-hidden": "true" }, this.progress),
    );
  }

  buildStage() {
    this.paused = new PausedView(() => this.goAlone());
    this.waiting = h("p", { className: "waiting", role: "status" });
    this.stage = h("div", { className: "stage" }, this.face.element, this.done.element, this.waiting, this.paused.element);
    return this.stage;
  }

  buildFoot() {
    this.show_button = h("button", { type: "button", className: "primary show-answer", onclick: () => this.flip() }, "Show answer", h("kbd", {}, "space"));
    this.grades = GRADES.map(({ name, means }, grade) => {
      const outcome = h("span", { className: "outcome" });
      const button = h(
        "button",
        { type: "button", className: "grade", "data-grade": grade, title: `${grade}: ${means}`, onclick: () => this.answer(grade) },
        h("span", { className: "grade-name" }, h("kbd", {}, String(grade)), name),
        outcome,
      );
      return { button, outcome, name };
    });
    this.grade_row = h("div", { className: "grades", role: "group", "aria-label": "How well did you know it?" }, this.grades.map(({ button }) => button));
    this.foot = h("footer", { className: "study-foot" }, this.show_button, this.grade_row, this.trial.element);
    return this.foot;
  }

  enter() {
    document.body.classList.add("studying");
    addEventListener("keydown", this.onKey);
    this.lesson_line.enter();
    const { sitting } = this;
    this.app.client.input({ type: "study", sitting: sitting.id, request: sitting.request(), recent: sitting.recent });
    if (this.deck_id) this.nameDeck();
  }

  async nameDeck() {
    const deck = await this.app.api.deck(this.deck_id).catch(() => null);
    if (deck) setText(this.heading, deck.title);
  }

  leave() {
    document.body.classList.remove("studying");
    removeEventListener("keydown", this.onKey);
    this.sitting.forget();
    this.lesson_line.leave();
    this.face.leave();
    this.app.client.input({ type: "leave" });
  }

  /** The page goes, perhaps for a reload: the sitting is left for the next one. */
  hide() {
    this.sitting.keep(this.session.recent);
  }

  get session() {
    return this.app.client.session;
  }

  update() {
    const { hand, study } = this.session;
    const { shown } = this.session.trials;
    const card = shown === null ? hand.onScreen : shown.face;
    const flipped = shown === null ? hand.flipped : shown.graded !== null;
    const settled = Boolean(study) && !study.awaits_queue;
    const show_done = settled && hand.done !== null && card === null;
    this.face.update(card, flipped);
    this.done.update(show_done ? hand.done : null);
    this.updateFoot(card, flipped);
    this.trial.update(card, this.session.trials, this.session.link.isReady);
    this.mode.update(this.sitting.mode, this.session.features.includes("checked_modes"));
    show(this.foot, !show_done);
    this.updateCounts(hand, card);
    this.updateTools(shown === null ? card : null);
    this.updateFlag(card);
    const sentence = card || show_done ? "" : this.sentence();
    setText(this.waiting, sentence);
    show(this.waiting, sentence !== "");
    this.updateLesson(card);
  }

  /** The live lesson, where there is one. While it is paused, and the learner waits for it, nothing else is shown. */
  updateLesson(card) {
    const { attending } = this.session;
    const { state, assigned } = attending.shows(this.app.client.clock.now());
    const is_paused = state === "paused" && this.waits_not_for !== attending.document.lesson;
    this.lesson_line.update();
    this.paused.update(is_paused);
    this.face.markAssigned(card !== null && assigned.includes(card.deck_id));
    if (is_paused) {
      for (const element of [this.face.element, this.done.element, this.foot, this.waiting]) show(element, false);
      this.undo_button.disabled = true;
    }
    if (is_paused !== this.is_paused) this.face.rest(is_paused);
    this.is_paused = is_paused;
  }

  goAlone() {
    this.waits_not_for = this.session.attending.document?.lesson ?? null;
    this.update();
  }

  updateFoot(card, flipped) {
    const turns = card !== null && !isChecked(card);
    show(this.show_button, turns && !flipped);
    show(this.grade_row, turns && flipped);
    if (!turns || this.graded_card === card) return;
    this.graded_card = card;
    this.grades.forEach(({ button, outcome, name }, grade) => {
      const then = card.if_graded?.[grade];
      setText(outcome, outcomeText(then));
      button.setAttribute("aria-label", `Grade ${grade}, ${name}: ${daysSpoken(then)}`);
    });
  }

  updateCounts(hand, card) {
    const left = hand.left;
    for (const [kind, element] of Object.entries(this.counts)) setText(element, left ? String(left[kind]) : "–");
    const kind = card ? (card.kind === "drill" ? "learning" : card.kind) : "";
    if (this.count_row.dataset.now !== kind) this.count_row.dataset.now = kind;
    if (!left) return;
    setText(this.spoken, `${left.new} new, ${left.learning} learning, ${left.review} to review`);
    const ahead = left.new + left.learning + left.review;
    const behind = this.sitting.answered;
    const share = ahead + behind === 0 ? 1 : behind / (ahead + behind);
    this.progress.style.transform = `scaleX(${share.toFixed(4)})`;
  }

  updateTools(card) {
    this.undo_button.disabled = !this.session.canUndo;
    for (const button of [this.bury_button, this.suspend_button, this.flag_button]) button.disabled = card === null;
  }

  updateFlag(card) {
    this.flags.show(card);
    const flag = card === null ? 0 : (this.flags.of(card) ?? 0);
    this.face.mark(flag, FLAGS[flag]);
    if (this.flag_button.dataset.flag !== String(flag)) this.flag_button.dataset.flag = flag;
    this.flag_button.setAttribute("aria-label", flag > 0 ? `Flag: ${FLAGS[flag]}` : "Flag");
  }

  /** What to say when there is no card to show. */
  sentence() {
    const { link, study } = this.session;
    if (study?.refused) return this.sayRefused(study.refused);
    if (link.isReady && study?.retry_at > 0) return "The server is busy; the page asks again by itself.";
    if (link.isReady) return this.app.client.unsaved > 0 ? "Saving your last answers…" : "Fetching cards…";
    if (link.phase === "stopped") return link.says;
    const waits = this.app.client.unsaved;
    const kept = waits > 0 ? ` ${counted(waits, "answer")} wait${waits === 1 ? "s" : ""} on this device.` : "";
    return link.attempt <= 1 ? "Connecting…" : `The server cannot be reached; the page tries again by itself.${kept}`;
  }

  /** Which sitting could not be begun, and why. */
  sayRefused({ code, message }) {
    const title = this.heading.textContent;
    const which = this.deck_id === null ? "all decks" : title ? `“${title}”` : "this deck";
    return `The sitting over ${which} could not be begun: ${message || code}`;
  }

  flip() {
    const { hand } = this.session;
    if (!hand.onScreen || hand.flipped || isChecked(hand.onScreen)) return;
    this.app.client.input({ type: "flip" });
    this.face.focusAnswer();
  }

  answer(grade) {
    if (!this.session.canAct || !this.session.hand.flipped) return;
    this.sitting.answered += 1;
    this.app.client.input({ type: "answer", grade, elapsed_ms: this.face.elapsedMs() });
    this.face.focusCard();
  }

  respond(response) {
    if (!this.session.canAct) return;
    this.sitting.answered += 1;
    this.app.client.input({ type: "respond", response, elapsed_ms: this.face.elapsedMs() });
  }

  next() {
    this.app.client.input({ type: "next" });
    if (!isTyping(document.activeElement)) this.face.focusCard();
  }

  /** The same sitting, its cards asked in another way. */
  studyIn(mode) {
    this.sitting.mode = mode;
    this.app.client.input({ type: "study", sitting: this.sitting.id, request: this.sitting.request(), recent: [] });
  }

  undo() {
    if (!this.session.canUndo) return;
    const last = this.session.recent.at(-1);
    if (last.kind === "answer") this.sitting.answered = Math.max(0, this.sitting.answered - 1);
    if (last.before !== null && last.card) this.flags.put(last.card, last.before.flag);
    this.app.client.input({ type: "undo" });
  }

  set(change, before = null) {
    if (!this.session.canAct || this.session.trials.shown !== null) return;
    this.app.client.input({ type: "set", change, before });
  }

  setFlag(flag) {
    const card = this.session.hand.onScreen;
    if (!this.session.canAct || card === null) return;
    const before = { flag: this.flags.of(card) };
    this.flags.put(card, flag);
    this.set({ flag }, before);
    // From here the space bar goes on studying.
    this.face.focusCard();
  }

  bury() {
    const { me, client } = this.app;
    if (me === null) return this.app.toasts.say("The server has not said yet which day it is.", "bad");
    this.set({ buried_until: nextDay(studyDay(client.clock.now(), me.zone, me.rollover_hour)) });
  }

  openFlags() {
    const card = this.session.hand.onScreen;
    if (card) this.flag_menu.open(this.flags.of(card), this.flag_button);
  }

  studyMore(more) {
    this.sitting.addMore(more);
    this.app.client.input({ type: "study", sitting: this.sitting.id, request: this.sitting.request() });
  }

  key(event) {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (this.flag_menu.isOpen) return this.flag_menu.key(event);
    // Nothing is answered behind the pause.
    if (this.is_paused && event.key !== "Escape") return;
    const on_button = event.target instanceof HTMLElement && event.target.closest("button, a, summary, audio, video");
    if ((event.key === " " || event.key === "Enter") && on_button) return;
    const action = this.actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    action();
  }

  actionOf(key) {
    const { hand, trials } = this.session;
    if (trials.shown !== null && (key === " " || key === "Enter")) return () => this.next();
    if (trials.shown === null && isChecked(hand.onScreen) && /^[0-9]$/.test(key)) return () => this.trial.choose(Number(key));
    if (key === " " || key === "Enter") return () => (hand.flipped ? this.answer(4) : this.flip());
    if (/^[0-5]$/.test(key)) return () => this.answer(Number(key));
    const actions = {
      u: () => this.undo(),
      b: () => this.bury(),
      s: () => this.set({ suspended: true }),
      f: () => this.openFlags(),
      h: () => this.face.showHint(),
      Escape: () => this.app.go("#/"),
    };
    return Object.hasOwn(actions, key) ? actions[key] : null;
  }
}

function tool(text, key, title, onclick) {
  return h("button", { type: "button", className: "tool", title: `${title} (${key})`, "aria-keyshortcuts": key, onclick }, text);
}
