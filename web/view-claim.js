// What somebody did as a guest of a class becomes part of their own log. It cannot be taken back, and so it is asked twice.

import { busily, h, setText, show } from "./dom.js";
import { counted } from "./format.js";

export class ClaimView {
  constructor(app, class_id) {
    this.app = app;
    this.class_id = class_id;
    this.title = "What I did as a guest";
    this.name = h("input", { id: "claim-name", required: true, maxLength: 60, autocomplete: "off" });
    this.pin = h("input", { id: "claim-pin", required: true, inputMode: "numeric", autocomplete: "off", maxLength: 8 });
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.button = h("button", { className: "primary" }, "Make it mine");
    this.form = h(
      "form",
      { className: "panel", onsubmit: (event) => this.submit(event) },
      h("p", {}, "You learned in a class as a guest, and have an account now: what you answered as the guest becomes yours."),
      h("label", { htmlFor: "claim-name" }, "Your name as a guest"),
      this.name,
      h("label", { htmlFor: "claim-pin" }, "The guest's PIN"),
      this.pin,
      this.complaint,
      this.button,
    );
    this.done = h("p", { className: "panel", role: "status", hidden: true });
    this.element = h("section", { className: "home claim" }, h("a", { href: "#/", className: "back-link" }, "‹ Decks"), h("h1", {}, this.title), this.form, this.done);
  }

  enter() {
    this.name.focus();
  }

  async submit(event) {
    event.preventDefault();
    const name = this.name.value.trim();
    setText(this.complaint, "");
    if (!confirm(`Make all that “${name}” did as a guest yours? The guest ends with it, and it cannot be taken back.`)) return;
    try {
      const { entries } = await busily(this.button, () => this.app.join.claim(this.class_id, name, this.pin.value.trim()));
      show(this.form, false);
      setText(this.done, `Done: ${counted(entries, "entry", "entries")} of “${name}” ${entries === 1 ? "is" : "are"} yours now.`);
      show(this.done, true);
    } catch (error) {
      setText(this.complaint, error.message);
    }
  }
}
