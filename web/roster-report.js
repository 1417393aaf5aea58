// What a roster changes, person by person, and the number that has to be typed before many are gone.

import { h, setText, show } from "./dom.js";
import { counted } from "./format.js";

/** So many people of each kind, classes and remarks are listed. */
const LISTED = 200;
/** A list that is no longer than this is open. */
const OPEN_UP_TO = 30;

const FIGURES = [
  ["new", "new", "added"],
  ["moved", "change classes", "moved"],
  ["changed", "changed otherwise", "changed"],
  ["gone", "gone", "refused"],
  ["unchanged", "as they are", "unchanged"],
  ["classes_new", "new classes", "added"],
  ["classes_changed", "changed classes", "changed"],
  ["classes_closed", "classes closed", "refused"],
  ["remarks", "rows taken with something left out", "trimmed"],
  ["rejected", "rows that do not come in", "refused"],
];

/** Who is gone comes first: that is what cannot be seen anywhere else. */
const STEPS = [
  ["gone", "Gone"],
  ["new", "New"],
  ["moved", "In other classes"],
  ["changed", "Changed"],
];

const FIELDS = { name: "name", login: "login", email: "address", external_id: "id", role: "role" };
const CLASS_STEPS = { new: "new", closed: "closed", changed: "changed" };

export function rosterFigures({ counts = {} }) {
  const line = ([name, what, kind]) => (counts[name] > 0 ? h("li", { "data-figure": name, "data-number": counts[name], className: kind }, h("b", {}, String(counts[name])), ` ${what}`) : null);
  const lines = FIGURES.map(line).filter(Boolean);
  return h("ul", { className: "import-figures" }, lines.length > 0 ? lines : h("li", {}, "There is nobody in it."));
}

/** The people by what becomes of them, the classes, and rows of which something is left out. */
export function rosterParts(report) {
  const titles = new Map((report.classes ?? []).map(({ class_id, title }) => [class_id, title]));
  const people = STEPS.map(([step, title]) => peopleOf(step, title, report[step] ?? [], report.counts?.[step] ?? 0, titles));
  return [...people, classes(report.classes ?? []), remarks(report.remarks ?? [], report.counts?.remarks ?? 0)];
}

function peopleOf(step, title, people, total, titles) {
  if (total === 0) return null;
  const row = (person) => h("tr", { "data-user-id": person.user_id }, [person.name || "–", person.external_id, whatOf(step, person, titles)].map(cell));
  return list({ title: `${title}: ${total}`, data: step, heads: ["Name", "Id", "What"], rows: people.map(row), total });
}

function whatOf(step, person, titles) {
  const named = (ids) => ids.map((id) => titles.get(id) || "a class").join(", ");
  const name = person.name_before ? `was called ${person.name_before}` : null;
  const fields = (person.changes ?? []).filter((field) => field !== "name" || !name).map((field) => FIELDS[field] ?? field);
  return [
    step === "new" && person.role !== "learner" ? person.role : null,
    person.joins.length > 0 ? `joins ${named(person.joins)}` : null,
    person.leaves.length > 0 ? `leaves ${named(person.leaves)}` : null,
    step === "changed" || step === "moved" ? name : null,
    (step === "changed" || step === "moved") && fields.length > 0 ? `another ${fields.join(", ")}` : null,
  ].filter(Boolean).join("; ");
}

function classes(all) {
  const changed = all.filter(({ step }) => step !== null);
  if (changed.length === 0) return null;
  const row = ({ class_id, title, step }) => h("tr", { "data-class-id": class_id }, [title || "–", CLASS_STEPS[step] ?? step].map(cell));
  return list({ title: `Classes: ${changed.length}`, data: "classes", heads: ["Class", "What"], rows: changed.map(row), total: changed.length });
}

function remarks(listed, total) {
  if (listed.length === 0) return null;
  const row = ({ line, column, message }) => h("tr", {}, [line, column, message].map(cell));
  return list({ title: `Rows taken with something left out: ${total}`, data: "remarks", heads: ["Line", "Column", "What"], rows: listed.map(row), total });
}

function list({ title, data, heads, rows, total }) {
  const shown = rows.slice(0, LISTED);
  const hidden = total - shown.length;
  return h(
    "details",
    { className: "rejected", "data-step": data, open: total <= OPEN_UP_TO },
    h("summary", {}, title),
    h("table", { "aria-label": title }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", {}, head)))), h("tbody", {}, shown)),
    hidden > 0 ? h("p", { className: "quiet" }, `and ${hidden} more`) : null,
  );
}

const cell = (content) => h("td", {}, String(content ?? ""));

/** Asks for the number of those who would be gone where they are too many: nobody types it by mistake. */
export class Guard {
  constructor(onChange) {
    this.wanted = null;
    this.words = h("p", {});
    this.number = h("input", { id: "confirm-gone", inputMode: "numeric", autocomplete: "off", oninput: onChange });
    this.element = h("div", { className: "guard", hidden: true, role: "group", "aria-label": "Many people would be gone" }, this.words, h("label", { htmlFor: "confirm-gone" }, "How many people may be gone?"), this.number);
  }

  put({ phase, report }) {
    this.wanted = phase === "tried" ? (report?.confirm_gone ?? null) : null;
    show(this.element, this.wanted !== null);
    if (this.wanted !== null) setText(this.words, `${this.wanted} of ${counted(report.people_before, "person", "people")} would be gone, more than a fifth. A file that was cut off, or that of another school, looks just like this. If it is right, type the number.`);
  }

  get isPassed() {
    return this.wanted === null || this.number.value.trim() === String(this.wanted);
  }

  /** The number, where it was asked for. */
  get confirmed() {
    return this.wanted;
  }
}
