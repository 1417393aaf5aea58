// A card's texts in a form, at the place of the card.

import { busily, h, setText } from "./dom.js";
import { answersOf, htmlOf, plainOf, tagsOf } from "./texts.js";

const FIELDS = [
  { name: "front", label: "Front", needed: true },
  { name: "back", label: "Back", needed: true },
  { name: "hint", label: "Hint", needed: false },
  { name: "explanation", label: "Explanation", needed: false },
];

export class CardForm {
  /** `onDone(card)`: with the card as it is stored now, or null when nothing was changed. */
  constructor(api, { card, etag }, onDone) {
    this.api = api;
    this.card = card;
    this.etag = etag;
    this.onDone = onDone;
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.save_button = h("button", { className: "primary" }, "Save");
    this.fields = FIELDS.map((field) => this.buildField(field));
    this.tags = h("input", { name: "tags", autocomplete: "off", value: card.tags.join(" ") });
    this.accept = h("input", { name: "accept", autocomplete: "off", value: card.accept.join(" | ") });
    this.element = h(
      "form",
      { className: "edit-card", "aria-label": "Edit the card", onsubmit: (event) => this.submit(event), onkeydown: (event) => this.key(event) },
      h("div", { className: "columns" }, this.fields.map(({ label }) => label)),
      h("label", {}, "Also accepted (with | between)", this.accept),
      h("label", {}, "Tags (with spaces between)", this.tags),
      h("div", { className: "row" }, this.save_button, h("button", { type: "button", onclick: () => this.onDone(null) }, "Leave it"), this.complaint),
    );
  }

  /** Plain text is edited as text; a text with markup as the HTML that it is. */
  buildField({ name, label, needed }) {
    const html = this.card[name] ?? "";
    const plain = plainOf(html);
    const area = h("textarea", { name, rows: 2, required: needed, value: plain ?? html });
    return { name, html, plain, area, label: h("label", {}, plain === null ? `${label} (HTML)` : label, area) };
  }

  focus() {
    this.fields[0].area.focus();
  }

  key(event) {
    if (event.key === "Escape") this.onDone(null);
  }

  /** Only what was changed. */
  get change() {
    const change = {};
    for (const { name, html, plain, area } of this.fields) {
      if (area.value.trim() === (plain ?? html).trim()) continue;
      const written = plain === null ? area.value.trim() : htmlOf(area.value);
      change[name] = written === "" && name !== "front" && name !== "back" ? null : written;
    }
    const tags = tagsOf(this.tags.value);
    if (tags.join(" ") !== this.card.tags.join(" ")) change.tags = tags;
    const accept = answersOf(this.accept.value);
    if (accept.join(" | ") !== answersOf(this.card.accept.join(" | ")).join(" | ")) change.accept = accept;
    return change;
  }

  async submit(event) {
    event.preventDefault();
    const { change } = this;
    if (Object.keys(change).length === 0) return this.onDone(null);
    await busily(this.save_button, async () => {
      try {
        this.onDone(await this.api.changeCard(this.card.deck_id, this.card.card_id, change, this.etag));
      } catch (error) {
        setText(this.complaint, error.status === 412 ? "Somebody else changed this card meanwhile. Leave it and look at it again." : error.message);
      }
    });
  }
}
