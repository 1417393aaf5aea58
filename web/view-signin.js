// The page for those who are not signed in.

import { h } from "./dom.js";

export class SignInView {
  constructor(app, refusal) {
    this.title = "Sign in";
    this.app = app;
    this.complaint = h("p", { className: "complaint", role: "alert" }, refusal ?? "");
    this.field = h("textarea", { id: "token", rows: 3, spellcheck: false, autocomplete: "off", required: true, placeholder: "eyJ…" });
    this.element = h(
      "section",
      { className: "signin" },
      h("img", { src: "/web/icon.svg", alt: "", width: 72, height: 72 }),
      h("h1", {}, "studyhall"),
      h("p", { className: "lead" }, "Flashcards at the right moment, and no answer lost."),
      h(
        "form",
        { className: "panel", onsubmit: (event) => this.submit(event) },
        this.complaint,
        h("label", { htmlFor: "token" }, "Your token"),
        this.field,
        h("button", { className: "primary" }, "Sign in"),
        h("p", { className: "quiet" }, "Open the sign-in link you were given, or paste the token here. It stays in this browser until you sign out."),
      ),
    );
  }

  submit(event) {
    event.preventDefault();
    const kept = this.app.tokens.keep(this.field.value);
    if (kept) this.app.signIn(kept);
    else this.complaint.textContent = "This is no token: it should be three parts with dots between them.";
  }
}
