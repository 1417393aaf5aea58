// What can be set of a deck, and of one's own day: forms that send only what was changed.

import { busily, h, setText } from "./dom.js";

const DECK_SETTINGS = [
  { name: "new_per_day", label: "New cards a day", most: 1_000_000 },
  { name: "reviews_per_day", label: "Reviews a day", most: 1_000_000 },
  { name: "drill_until", label: "Drill a card again the same day until its grade is", least: 3, most: 4 },
  { name: "drill_delay_s", label: "Seconds before a drill comes again", most: 86_400 },
  { name: "new_mix", label: "New cards come", choices: { spread: "between the reviews", before: "before the reviews", after: "after the reviews" } },
  { name: "bury_siblings", label: "Cards of one note rest when another was studied that day", is_switch: true },
  { name: "leech_after", label: "A card is a leech after being forgotten so many times", least: 1, most: 65_535 },
  { name: "maximum_interval_days", label: "Longest interval in days", least: 1, most: 36_500 },
  { name: "mode", label: "Cards are", choices: { flip: "turned, and graded by the learner", type: "typed, and checked", choose: "chosen among answers, and checked" } },
];
const CHECK_SETTINGS = [
  { name: "decimal_mark", label: "Numbers are written", choices: { point: "3.5 (with a point)", comma: "3,5 (with a comma)" } },
  { name: "case", label: "Capital letters matter in a typed answer", is_switch: true },
  { name: "accents", label: "Accents matter in a typed answer", is_switch: true },
  { name: "slips", label: "A slip of the fingers is asked once more", is_switch: true },
];
const DECK_FIELDS = [
  { name: "title", label: "Name", bytes: 200 },
  { name: "path", label: "Place (levels with :: between)", bytes: 1_000 },
  { name: "visibility", label: "Who sees it", choices: { private: "only me", class: "my classes", org: "my school", link: "who has its address", public: "everybody" } },
];
const ME_FIELDS = [
  { name: "rollover_hour", label: "A new study day begins at (hour)", least: 0, most: 23 },
  { name: "zone", label: "Time zone", bytes: 64 },
  { name: "name", label: "My name", bytes: 200 },
];

/** A form over the named fields of `values`, folded away until it is opened. `save(change)` stores what was changed. */
class Settings {
  constructor(title, groups, save) {
    this.groups = groups;
    this.save = save;
    this.said = h("p", { className: "complaint", role: "alert" });
    this.done = h("span", { className: "quiet", role: "status" });
    this.button = h("button", { className: "primary" }, "Save");
    this.fields = groups.flatMap(({ fields }) => fields.map(buildField));
    this.element = h(
      "details",
      { className: "panel settings" },
      h("summary", {}, title),
      h(
        "form",
        { onsubmit: (event) => this.submit(event) },
        h("div", { className: "setting-grid" }, this.fields.map(({ label }) => label)),
        h("div", { className: "row" }, this.button, this.done),
        this.said,
      ),
    );
  }

  put(values) {
    this.values = values;
    const all = this.groups.flatMap(({ of, fields }) => fields.map((field) => of(values)[field.name]));
    this.fields.forEach((field, at) => field.put(all[at]));
  }

  /** Only what was changed, in the shape that the server takes. */
  get change() {
    const change = {};
    let at = 0;
    for (const { of, into, fields } of this.groups) {
      for (const { name } of fields) {
        const value = this.fields[at++].get();
        if (value !== of(this.values)[name]) into(change)[name] = value;
      }
    }
    return change;
  }

  async submit(event) {
    event.preventDefault();
    const { change } = this;
    setText(this.said, "");
    setText(this.done, "");
    if (Object.keys(change).length === 0) return setText(this.done, "Nothing was changed.");
    await busily(this.button, async () => {
      try {
        this.put(await this.save(change));
        setText(this.done, "Saved.");
      } catch (error) {
        setText(this.said, error.message);
      }
    });
  }
}

const itself = (values) => values;

/** Name, place, limits and drills of a deck. */
export function deckSettings(save) {
  const settings = { of: (deck) => deck.settings, into: (change) => (change.settings ??= {}), fields: DECK_SETTINGS };
  const check = { of: (deck) => deck.settings.check, into: (change) => ((change.settings ??= {}).check ??= {}), fields: CHECK_SETTINGS };
  return new Settings("Settings of the deck", [{ of: itself, into: itself, fields: DECK_FIELDS }, settings, check], save);
}

/** When the learner's day begins, and where. */
export function meSettings(save) {
  return new Settings("My day", [{ of: itself, into: itself, fields: ME_FIELDS }], save);
}

function buildField({ name, label, least = 0, most, bytes, choices, is_switch }) {
  if (is_switch) {
    const box = h("input", { type: "checkbox", name });
    return { label: h("label", { className: "switch" }, box, label), put: (value) => (box.checked = value), get: () => box.checked };
  }
  if (choices) {
    const select = h("select", { name }, Object.entries(choices).map(([value, text]) => h("option", { value }, text)));
    return { label: h("label", {}, label, select), put: (value) => (select.value = value), get: () => select.value };
  }
  const is_number = bytes === undefined;
  const kind = is_number ? { type: "number", min: least, max: most, step: 1 } : { maxLength: bytes };
  const input = h("input", { name, required: true, autocomplete: "off", ...kind });
  return {
    label: h("label", {}, label, input),
    put: (value) => (input.value = value),
    get: () => (is_number ? Number(input.value) : input.value.trim()),
  };
}
