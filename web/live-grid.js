// The live grid: one tile a student, each at its place. A tile is made once and changed only where its row did, so that
// nothing flickers; those out of sight are neither laid out nor painted.

import { h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { nameOf, needText, percentText, presenceText } from "./lesson-words.js";
import { accuracy, ordered } from "./standing.js";

export class LiveGrid {
  /** @param {(student_id: string) => void} onPick a tile was chosen */
  constructor(onPick) {
    this.onPick = onPick;
    this.tiles = new Map();
    this.places = new Map();
    this.numbers = new Map();
    this.by_need = false;
    this.collator = new Intl.Collator();
    this.empty = h("p", { className: "quiet", hidden: true }, "Nobody is in this class yet. Enroll students by a table of people, or let them join by a code.");
    this.list = h("ul", { className: "tiles", "aria-label": "Students", onkeydown: (event) => this.key(event), onclick: (event) => this.pick(event) });
    this.element = h("div", { className: "live-grid" }, this.empty, this.list);
  }

  /** Whether those who struggle stand before the others. */
  orderByNeed(by_need, picture) {
    this.by_need = by_need;
    this.arrange(picture);
  }

  /** Shows the rows that changed. */
  update(picture, { students: changed }) {
    if (changed.size === 0) return;
    let moved = false;
    for (const student_id of changed) moved = this.place(student_id, picture.students.get(student_id)) || moved;
    if (moved) this.arrange(picture);
    // A number may move with who comes; a name does not.
    const written = moved && picture.document?.hide_names ? picture.students.keys() : changed;
    for (const student_id of written) {
      const row = picture.students.get(student_id);
      if (row) this.tiles.get(student_id).put(row, this.numbers.get(student_id));
    }
    show(this.empty, picture.students.size === 0);
  }

  /** Makes a tile, or takes it away. True when the order may be another one now. */
  place(student_id, row) {
    const before = this.places.get(student_id);
    if (row === undefined) {
      this.tiles.get(student_id)?.element.remove();
      this.tiles.delete(student_id);
      return this.places.delete(student_id);
    }
    if (before === undefined) this.tiles.set(student_id, new Tile(student_id));
    const place = `${row.struggling ? 0 : 1}${row.name ?? ""}`;
    this.places.set(student_id, place);
    return place !== before;
  }

  /** Brings the tiles into their order, moving only those that stand elsewhere. */
  arrange(picture) {
    const students = [...picture.students.values()];
    this.number(students);
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    let at = this.list.firstElementChild;
    for (const { student_id } of ordered(students, this.by_need, this.collator)) {
      // Who came with this very frame has a tile when it is drawn.
      const element = this.tiles.get(student_id)?.element;
      if (!element) continue;
      if (element === at) at = at.nextElementSibling;
      else this.list.insertBefore(element, at);
    }
    focused?.focus({ preventScroll: true });
    this.keepOneTabStop();
  }

  /** Numbers for the time when names are hidden: by id, so that they tell nothing and stay. */
  number(students) {
    const nameless = students.filter(({ name }) => name === undefined);
    ordered(nameless, false).forEach(({ student_id }, at) => this.numbers.set(student_id, at + 1));
  }

  pick(event) {
    const tile = event.target.closest(".tile");
    if (tile) this.onPick(tile.dataset.studentId);
  }

  /** One tile is reached by the tab key, the others from there by arrows. */
  keepOneTabStop() {
    const reachable = this.list.querySelector('button[tabindex="0"]');
    if (!reachable) this.list.querySelector("button")?.setAttribute("tabindex", "0");
  }

  key(event) {
    const from = event.target.closest(".tile");
    const to = from ? this.neighbour(from, event.key) : null;
    if (!to) return;
    event.preventDefault();
    from.firstElementChild.tabIndex = -1;
    to.firstElementChild.tabIndex = 0;
    to.firstElementChild.focus();
  }

  neighbour(tile, key) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns };
    if (key === "Home") return this.list.firstElementChild;
    if (key === "End") return this.list.lastElementChild;
    if (!Object.hasOwn(steps, key)) return null;
    const all = this.list.children;
    return all[[...all].indexOf(tile) + steps[key]] ?? null;
  }

  get columns() {
    const tracks = getComputedStyle(this.list).gridTemplateColumns;
    return Math.max(1, tracks.split(" ").length);
  }
}

/** One student. Texts are compared with what was written last: the page itself is not read. */
class Tile {
  constructor(student_id) {
    const part = (className, properties = {}) => h("span", { className, ...properties });
    this.parts = { name: part("tile-name"), presence: part("tile-presence"), figures: part("tile-figures"), streak: part("tile-streak"), need: part("tile-need"), extra: part("tile-extra") };
    this.bar = part("tile-bar", { "aria-hidden": "true" });
    const { name, presence, figures, streak, need, extra } = this.parts;
    const button = h("button", { type: "button", tabIndex: -1 }, h("span", { className: "tile-head" }, name, presence), figures, streak, need, extra, this.bar);
    this.element = h("li", { className: "tile", "data-student-id": student_id }, button);
    this.shown = {};
  }

  put(row, number) {
    const share = accuracy(row);
    this.say("name", nameOf(row, number));
    this.say("presence", presenceText(row.presence));
    this.say("figures", `${counted(row.answered, "answer")}${share === null ? "" : ` · ${share} % right`}`);
    this.say("streak", `recall ${percentText(row.recall)}${row.streak > 1 ? ` · ${row.streak} in a row` : ""}`);
    this.say("need", needText(row.struggling));
    this.say("extra", row.extra_percent > 0 ? `+${row.extra_percent} % time` : "");
    this.mark("presence", row.presence);
    this.mark("need", row.struggling ? row.struggling.reason : "");
    if (this.shown.share !== share) this.bar.style.setProperty("--share", `${share ?? 0}%`);
    this.shown.share = share;
  }

  say(part, text) {
    if (this.shown[part] === text) return;
    this.shown[part] = text;
    this.parts[part].textContent = text;
  }

  mark(name, value) {
    if (this.shown[`mark ${name}`] === value) return;
    this.shown[`mark ${name}`] = value;
    this.element.dataset[name] = value;
  }
}

/** How many struggle, for a line above the grid. */
export function needLine(element, picture) {
  let count = 0;
  for (const { struggling } of picture.students.values()) if (struggling) count += 1;
  setText(element, count === 0 ? "" : `${counted(count, "student")} may need help.`);
}
