// One card: its front, and below it the back once it is turned. The text comes from the server as clean HTML.

import { h, setHtml, setText, show } from "./dom.js";

export class CardFace {
  constructor(onFlip) {
    this.onFlip = onFlip;
    this.card = null;
    this.front = h("div", { className: "card-html front", id: "card-front" });
    this.media = h("div", { className: "media" });
    this.hint = h("div", { className: "card-html hint" });
    this.hint_button = h("button", { type: "button", className: "plain-button hint-button", onclick: () => this.showHint() }, "Hint", h("kbd", {}, "h"));
    this.back = h("div", { className: "card-html back-text", id: "card-back" });
    this.explanation = h("div", { className: "card-html explanation" });
    this.answer = h("div", { className: "answer", tabIndex: -1, role: "region", "aria-labelledby": "card-back" }, this.back, this.explanation);
    this.assigned = h("p", { className: "card-assigned", hidden: true }, "Assigned by your teacher");
    this.flag_name = h("span", {});
    this.flag = h("p", { className: "card-flag", hidden: true }, h("span", { className: "flag-dot", "aria-hidden": "true" }), this.flag_name);
    this.element = h(
      "article",
      { className: "card", tabIndex: -1, "aria-labelledby": "card-front", onclick: (event) => this.tap(event) },
      this.flag,
      this.assigned,
      h("div", { className: "question" }, this.front, this.media, h("div", { className: "hint-row" }, this.hint_button, this.hint)),
      this.answer,
    );
    this.watch = new Stopwatch();
  }

  update(card, flipped) {
    show(this.element, card !== null);
    if (card !== this.card) this.put(card);
    this.element.classList.toggle("turned", flipped);
    if (this.answer.inert === flipped) this.answer.inert = !flipped;
    show(this.answer, flipped);
  }

  put(card) {
    const same = card !== null && this.card !== null && card.card_id === this.card.card_id && card.front === this.card.front;
    this.card = card;
    if (card === null) return;
    setHtml(this.front, card.front);
    setHtml(this.back, card.back);
    setHtml(this.explanation, card.explanation);
    show(this.explanation, Boolean(card.explanation));
    this.element.dataset.cardId = card.card_id;
    this.element.dataset.kind = card.kind;
    this.putMedia(card);
    if (same) return;
    setHtml(this.hint, card.hint);
    show(this.hint, false);
    show(this.hint_button, Boolean(card.hint));
    this.element.scrollTop = 0;
    this.watch.restart();
    replay(this.element);
    if (document.activeElement === document.body) this.focusCard();
  }

  /** Shows the card's flag: its number for the colour, its name for the eye and for readers. */
  mark(flag, name) {
    show(this.flag, flag > 0);
    if (this.flag.dataset.flag !== String(flag)) this.flag.dataset.flag = flag;
    setText(this.flag_name, flag > 0 ? `Flag: ${name}` : "");
  }

  /** Says that a teacher wanted this card to come now. */
  markAssigned(is_assigned) {
    show(this.assigned, is_assigned);
  }

  /** Time does not count while `is_resting`. */
  rest(is_resting) {
    if (is_resting) this.watch.pause();
    else if (!document.hidden) this.watch.go();
  }

  /** Pictures and sounds that the text itself does not show. */
  putMedia(card) {
    const text = `${card.front}${card.back ?? ""}`;
    const extra = (card.media ?? []).filter(({ url }) => url && !text.includes(url));
    this.media.replaceChildren(...extra.map(mediaElement).filter(Boolean));
  }

  showHint() {
    if (!this.card?.hint) return;
    show(this.hint, true);
    show(this.hint_button, false);
  }

  /** A tap turns the card, unless it was meant for something in it. */
  tap(event) {
    if (event.target.closest("a, button, audio, video, summary")) return;
    if (getSelection()?.toString()) return;
    this.onFlip();
  }

  focusAnswer() {
    this.answer.focus({ preventScroll: true });
    this.answer.scrollIntoView({ block: "nearest" });
  }

  focusCard() {
    this.element.focus({ preventScroll: true });
  }

  elapsedMs() {
    return this.watch.elapsedMs();
  }

  leave() {
    this.watch.stop();
  }
}

/** Counts only the time in which the page is looked at. */
class Stopwatch {
  constructor() {
    this.passed_ms = 0;
    this.since = null;
    this.onVisibility = () => (document.hidden ? this.pause() : this.go());
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  restart() {
    this.passed_ms = 0;
    this.since = document.hidden ? null : performance.now();
  }

  pause() {
    this.passed_ms = this.elapsedMs();
    this.since = null;
  }

  go() {
    this.since ??= performance.now();
  }

  elapsedMs() {
    return this.passed_ms + (this.since === null ? 0 : performance.now() - this.since);
  }

  stop() {
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}

function mediaElement({ url, type, width, height, alt }) {
  if (type?.startsWith("image/")) return h("img", { src: url, alt: alt ?? "", width: width ?? null, height: height ?? null, loading: "eager" });
  if (type?.startsWith("audio/")) return h("audio", { src: url, controls: true });
  return null;
}

/** Plays the entrance of a card again. */
function replay(element) {
  element.classList.remove("entering");
  void element.offsetWidth;
  element.classList.add("entering");
}
