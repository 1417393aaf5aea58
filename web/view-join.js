// Joining a lesson by its code: a name, a PIN that is told once, and the wait until the teacher lets one in.

import { busily, h, setText, show } from "./dom.js";
import { randomBytes, uuid4 } from "./ids.js";

/** While one waits, so often the page asks whether one is in. */
const ASK_EVERY_MS = 2_000;
const NAME_LENGTH = 60;
const CODE = /^\/j\/([A-Za-z0-9 -]{1,20})\/?$/;

/** The code in an address as it is written on a board, or null when it is no address of a lesson. */
export function codeIn(pathname) {
  const found = CODE.exec(pathname.replaceAll("%20", " "));
  return found ? found[1].replace(/[ -]/g, "").toUpperCase() : null;
}

export class JoinView {
  /**
   * @param {string} code
   * @param {{join: import("./join-api.js").JoinApi, onIn: (token: string) => void}} parts `onIn`: the class is joined
   */
  constructor(code, { join, onIn }) {
    Object.assign(this, { code, join, onIn });
    /** Of the request: the same until it has an answer, so that nobody loses a name to an answer that was lost. */
    this.key = uuid4(randomBytes(16));
    this.title = "Join a lesson";
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.name = h("input", { id: "join-name", required: true, maxLength: NAME_LENGTH, autocomplete: "nickname" });
    this.pin = h("input", { id: "join-pin", inputMode: "numeric", autocomplete: "off", maxLength: 8 });
    this.pin_part = h("div", { hidden: true }, h("label", { htmlFor: "join-pin" }, "Your PIN"), this.pin);
    this.button = h("button", { className: "primary" }, "Join");
    this.before = h("button", { type: "button", className: "plain-button", "aria-expanded": "false", onclick: () => this.askPin(this.pin_part.hidden) }, "I have a PIN");
    this.form = h("form", { className: "panel", onsubmit: (event) => this.submit(event) }, h("label", { htmlFor: "join-name" }, "Your name"), this.name, this.pin_part, this.complaint, this.button, this.before);
    this.pin_shown = h("p", { className: "pin", tabIndex: -1 });
    this.noted = h(
      "div",
      { className: "panel", hidden: true },
      h("h2", {}, "Your PIN"),
      this.pin_shown,
      h("p", {}, "Write it down: with your name and this PIN you come back on another device, and what you learned is still yours. It is shown only now."),
      h("button", { type: "button", className: "primary", onclick: () => this.proceed() }, "I have written it down"),
    );
    this.waiting = h("div", { className: "panel", hidden: true }, h("h2", { role: "status" }, "Your teacher will let you in."), h("p", { className: "quiet" }, "Keep this page open; it goes on by itself."));
    this.element = h("section", { className: "signin join" }, h("img", { src: "/web/icon.svg", alt: "", width: 72, height: 72 }), h("h1", {}, "Join the lesson"), h("p", { className: "lead" }, `Code ${code}`), this.form, this.noted, this.waiting);
  }

  enter() {
    this.name.focus();
  }

  leave() {
    this.gone = true;
    clearTimeout(this.timer);
  }

  askPin(is_asked) {
    show(this.pin_part, is_asked);
    this.pin.required = is_asked;
    this.before.setAttribute("aria-expanded", String(is_asked));
    setText(this.before, is_asked ? "I am new here" : "I have a PIN");
    (is_asked ? this.pin : this.name).focus();
  }

  async submit(event) {
    event.preventDefault();
    setText(this.complaint, "");
    const name = this.name.value.trim();
    const pin = this.pin_part.hidden ? null : this.pin.value.trim();
    try {
      this.take(await busily(this.button, () => this.join.join(this.code, name, pin, this.key)));
    } catch (error) {
      // Somebody has this name: perhaps it is the one who types.
      if (error.problem?.reason === "name_taken") this.askPin(true);
      setText(this.complaint, error.message);
    }
  }

  take(joined) {
    this.joined = joined;
    this.key = uuid4(randomBytes(16));
    show(this.form, false);
    if (!joined.pin) return this.proceed();
    setText(this.pin_shown, joined.pin);
    show(this.noted, true);
    this.pin_shown.focus();
  }

  proceed() {
    show(this.noted, false);
    if (this.joined.state === "admitted") return this.onIn(this.joined.token);
    show(this.waiting, true);
    this.look();
  }

  /** Whether one is in by now; a server that does not answer is asked again. */
  async look() {
    const { state, token } = await this.join.standing(this.joined).catch((error) => ({ state: error.status === 401 ? "none" : "waiting" }));
    if (this.gone) return;
    if (state === "admitted") return this.onIn(token ?? this.joined.token);
    if (state === "none") return this.turnedAway();
    this.timer = setTimeout(() => this.look(), ASK_EVERY_MS);
  }

  turnedAway() {
    show(this.waiting, false);
    show(this.form, true);
    setText(this.complaint, "You were not let in, or the lesson is over. Ask your teacher.");
  }
}
