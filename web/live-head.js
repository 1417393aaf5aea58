// The head of a live lesson: what state it is in, whether what is shown is live, and the large buttons.

import { h, setText, show } from "./dom.js";
import { stateText } from "./lesson-words.js";
import { counted } from "./format.js";

/** A connection that is being made for less than this is not called away. */
const PATIENCE_MS = 1_500;

export class LiveHead {
  /**
   * @param {import("./monitor-client.js").MonitorClient} client
   * @param {{class_id: string, onProjector: () => void, onOrder: (by_need: boolean) => void}} does
   */
  constructor(client, { class_id, onProjector, onOrder }) {
    this.client = client;
    this.heading = h("h1", {}, "Live lesson");
    this.state = h("p", { className: "live-state", role: "status" });
    this.live = h("span", { className: "live-mark", "data-live": "no" });
    this.trouble = h("p", { className: "banner bad", role: "alert", hidden: true });
    const button = (text, command, more = {}) => h("button", { type: "button", onclick: () => this.say(command()), ...more }, text);
    this.start = button("Start the lesson", () => ({ type: "open", lesson: client.freshId() }), { className: "primary" });
    this.pause = button("Pause", () => ({ type: "pause" }));
    this.resume = button("Go on", () => ({ type: "resume" }), { className: "primary" });
    this.hide_names = button("Hide names", () => ({ type: "hide_names", hidden: !this.document?.hide_names }));
    this.end = h("button", { type: "button", className: "danger", onclick: () => confirm("End the lesson for everybody?") && this.say({ type: "close" }) }, "End the lesson");
    this.projector = h("button", { type: "button", "aria-pressed": "false", onclick: onProjector }, "Projector");
    this.order = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.switchOrder(onOrder) }, "Who needs help first");
    this.on_its_way = h("span", { className: "quiet" });
    this.back = h("a", { href: `#/class/${class_id}`, className: "back-link" }, "‹ Class");
    this.element = h(
      "header",
      { className: "live-head" },
      this.back,
      h("div", { className: "home-head" }, h("div", {}, this.heading, h("div", { className: "live-line" }, this.live, this.state, this.on_its_way)), h("div", { className: "row" }, this.start, this.pause, this.resume, this.end, this.hide_names, this.order, this.projector)),
      this.trouble,
    );
  }

  get document() {
    return this.client.monitor.picture.document;
  }

  say(command) {
    this.client.command(command);
  }

  name(title) {
    setText(this.heading, title);
  }

  switchOrder(onOrder) {
    const by_need = this.order.getAttribute("aria-pressed") !== "true";
    this.order.setAttribute("aria-pressed", String(by_need));
    onOrder(by_need);
  }

  projected(is_projected) {
    this.projector.setAttribute("aria-pressed", String(is_projected));
  }

  update() {
    const { monitor } = this.client;
    const { picture } = monitor;
    const { document } = this;
    setText(this.state, picture.isKnown ? stateText(document) : "");
    this.mark(monitor);
    setText(this.on_its_way, monitor.pending > 0 ? `${counted(monitor.pending, "command")} on the way` : "");
    const is_on = picture.isOn;
    show(this.start, picture.isKnown && !is_on);
    show(this.pause, is_on && document.state !== "paused");
    show(this.resume, is_on && document.state === "paused");
    for (const button of [this.end, this.hide_names, this.order, this.projector]) show(button, button === this.end ? is_on : picture.isKnown);
    setText(this.hide_names, document?.hide_names ? "Show names" : "Hide names");
  }

  /** Whether the page shows what is now, or what was. */
  mark({ link, picture }) {
    const is_live = link.isReady && picture.version !== null;
    const first_try = link.attempt <= 1 && performance.now() - link.since < PATIENCE_MS;
    const name = is_live ? "yes" : link.phase === "stopped" ? "stopped" : "no";
    if (this.live.dataset.live !== name) this.live.dataset.live = name;
    const text = { yes: "Live", stopped: "Stopped", no: picture.isKnown ? "As it was; connecting again" : "Connecting" }[name];
    setText(this.live, text);
    const says = is_live || first_try || link.isReady ? "" : link.says;
    setText(this.trouble, says);
    show(this.trouble, says !== "");
  }
}
