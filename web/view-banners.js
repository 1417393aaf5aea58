// What must not be overlooked: lasting lines below the bar, and passing notices.

import { h } from "./dom.js";
import { counted } from "./format.js";
import { expiresAt } from "./tokens.js";

const TOAST_MS = 6_000;
const TOASTS_AT_ONCE = 3;
/** So long before the end of the sign-in the page speaks up by itself. */
const WARN_BEFORE_MS = 120_000;

export class Toasts {
  constructor(element) {
    this.element = element;
  }

  say(text, kind = "info") {
    for (const old of this.element.children) if (old.textContent === text) old.remove();
    const toast = h("div", { className: `toast ${kind}` }, text);
    this.element.append(toast);
    while (this.element.children.length > TOASTS_AT_ONCE) this.element.firstChild.remove();
    setTimeout(() => toast.remove(), TOAST_MS);
  }
}

export class Banners {
  constructor(element, app) {
    this.element = element;
    this.app = app;
    this.drawn = "";
  }

  /** Draws anew only when what has to be said is another thing than before: a field in it keeps its text. */
  update() {
    const wanted = this.wanted();
    const drawn = JSON.stringify(wanted);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.element.replaceChildren(...wanted.map((banner) => this.draw(banner)));
  }

  wanted() {
    const { client } = this.app;
    const { link, token_expiring } = client.session;
    const banners = [];
    if (link.phase === "stopped") banners.push({ kind: "bad", text: link.says, needs: link.needs });
    else if (token_expiring || this.endsSoon()) {
      banners.push({ kind: "warn", text: "Your sign-in ends soon. Paste a new token to go on without a break.", needs: "token" });
    }
    if (client.session.attending.document !== null && !location.hash.startsWith("#/study")) {
      banners.push({ kind: "info", text: "Your class has a lesson now.", link: "Join in" });
    }
    for (const entry of client.survey.refused) banners.push({ kind: "bad", refused: entry });
    if (client.survey.others > 0) banners.push({ kind: "info", text: ofOthers(client.survey.others) });
    if (!client.keepsEntries) banners.push({ kind: "warn", text: inMemory(client.outbox.fault) });
    return banners;
  }

  endsSoon() {
    const { client } = this.app;
    const ends_at = expiresAt(client.session.token);
    return ends_at !== null && ends_at - client.clock.now() < WARN_BEFORE_MS;
  }

  draw(banner) {
    if (banner.refused) return this.drawRefused(banner.refused);
    const needs = banner.needs ? this[NEEDS[banner.needs]]() : null;
    if (banner.link) return h("div", { className: `banner ${banner.kind}`, role: "status" }, h("p", {}, banner.text), h("a", { className: "button", href: "#/study" }, banner.link));
    return h("div", { className: `banner ${banner.kind}`, role: "alert" }, h("p", {}, banner.text), needs);
  }

  drawRefused(entry) {
    const what = { answer: "An answer", undo: "An undo", set: "A change" }[entry.type] ?? "A command";
    return h(
      "div",
      { className: "banner bad", role: "alert", "data-refused": entry.code },
      h(
        "p",
        {},
        h("strong", {}, `${what} was not accepted. `),
        entry.about ? h("q", {}, entry.about) : null,
        ` ${entry.message} `,
        h("span", { className: "quiet" }, `(${entry.code}, ${new Date(entry.at_ms).toLocaleString()})`),
      ),
      h("button", { type: "button", onclick: () => this.app.client.dismiss(entry.id) }, "Dismiss"),
    );
  }

  askToken() {
    const complaint = h("p", { className: "complaint", role: "alert" });
    const field = h("input", { type: "password", autocomplete: "off", "aria-label": "New token", placeholder: "New token", required: true });
    const onsubmit = (event) => {
      event.preventDefault();
      const refusal = this.app.renew(field.value);
      complaint.textContent = refusal ?? "";
      if (refusal === null) field.value = "";
    };
    return h("form", { className: "inline", onsubmit }, field, h("button", {}, "Go on"), complaint);
  }

  offerReload() {
    return h("button", { type: "button", onclick: () => location.reload() }, "Reload");
  }

  offerResume() {
    return h("button", { type: "button", onclick: () => this.app.client.input({ type: "connect" }) }, "Go on here");
  }
}

const NEEDS = { token: "askToken", reload: "offerReload", resume: "offerResume" };

function ofOthers(count) {
  return `${counted(count, "answer")} of another person wait${count === 1 ? "s" : ""} on this device. ${
    count === 1 ? "It is" : "They are"
  } kept, and sent when that person signs in here.`;
}

function inMemory(fault) {
  const why = fault ? ` (${fault})` : "";
  return `This browser cannot keep answers on the device${why}: what is not saved yet is lost when this page closes.`;
}
