// The bar at the top: the way home, the honest tick, the learner.

import { h, setText, show } from "./dom.js";
import { counted } from "./format.js";

/** A connection that is being made for less than this is not called offline. */
const PATIENCE_MS = 1_500;

export class Bar {
  constructor(element, app) {
    this.element = element;
    this.app = app;
    this.tick_icon = h("span", { className: "tick-icon", "aria-hidden": "true" });
    this.tick_words = h("span");
    this.tick_more = h("span", { className: "tick-more" });
    this.tick_text = h("span", { className: "tick-text" }, this.tick_words, this.tick_more);
    this.tick = h("button", { type: "button", className: "tick", id: "tick", title: "Try to connect now", onclick: () => this.retry() }, this.tick_icon, this.tick_text);
    this.spoken = h("span", { className: "unseen", role: "status", "aria-live": "polite" });
    this.name = h("span", { className: "name" });
    this.out = h("button", { type: "button", className: "plain-button", onclick: () => this.signOut() }, "Sign out");
    element.append(
      h("a", { className: "brand", href: "#/" }, h("img", { src: "/web/icon.svg", alt: "", width: 26, height: 26 }), h("span", {}, "studyhall")),
      h("div", { className: "bar-end" }, this.tick, this.spoken, this.name, this.out),
    );
  }

  show() {
    show(this.element, true);
  }

  hide() {
    show(this.element, false);
  }

  update() {
    const { client, me } = this.app;
    const { state, text, more = "" } = tickOf(client.session, client.unsaved, performance.now());
    if (this.tick.dataset.state !== state) this.tick.dataset.state = state;
    this.tick.dataset.unsaved = client.unsaved;
    this.tick.dataset.saved = client.session.saved_count;
    setText(this.tick_words, text);
    setText(this.tick_more, more);
    this.speak(state, text + more);
    setText(this.name, me?.name ?? "");
  }

  /** Says aloud only what changes the situation, not each answer. */
  speak(state, text) {
    if (state !== "saving" && state !== this.spoken_state) setText(this.spoken, text);
    if (state !== "saving") this.spoken_state = state;
  }

  retry() {
    this.app.client.input({ type: "connect" });
  }

  signOut() {
    const { client } = this.app;
    const waiting = client.unsaved;
    const question = `${counted(waiting, "answer")} not saved yet. They stay on this device and are sent when you sign in here again. Sign out?`;
    if (waiting === 0 || confirm(question)) this.app.signOut();
  }
}

/**
 * The honest tick. Saved means: the server said that it is durable.
 * @returns {{state: "saved"|"saving"|"connecting"|"offline"|"stopped", text: string, more?: string}} `more`: where
 *   there is room for it
 */
export function tickOf(session, unsaved, now) {
  const { link } = session;
  if (link.isReady) {
    if (unsaved > 0) return { state: "saving", text: `Saving ${unsaved}` };
    return { state: "saved", text: session.saved_count > 0 ? `All ${session.saved_count} saved` : "All saved" };
  }
  const waits = unsaved > 0 ? ` · ${counted(unsaved, "answer")}` : "";
  const more = unsaved > 0 ? ` wait${unsaved === 1 ? "s" : ""} on this device` : "";
  if (link.phase === "stopped") return { state: "stopped", text: `Stopped${waits}`, more };
  const first_try = link.attempt <= 1 && now - link.since < PATIENCE_MS;
  if (first_try && unsaved === 0) return { state: "connecting", text: "Connecting" };
  return { state: "offline", text: `Offline${waits}`, more };
}
