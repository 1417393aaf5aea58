// One student of a lesson, looked at closely: figures, extra time, and the way out of the lesson.

import { h, setText, show } from "./dom.js";
import { counted, durationText } from "./format.js";
import { nameOf, needText, percentText, presenceText } from "./lesson-words.js";
import { accuracy } from "./standing.js";

const EXTRA = [0, 10, 25, 50, 100, 200, 300];

export class StudentPanel {
  /** @param {{extraTime: (student_id: string, percent: number) => void, remove: (student_id: string) => void, numberOf: (student_id: string) => number}} does */
  constructor(does) {
    this.does = does;
    this.student_id = null;
    this.heading = h("h2", { id: "student-name" });
    this.need = h("p", { className: "student-need", hidden: true });
    this.figures = h("dl", { className: "student-figures" });
    this.extra = h("select", { id: "student-extra", onchange: () => this.does.extraTime(this.student_id, Number(this.extra.value)) }, EXTRA.map((percent) => h("option", { value: percent }, percent === 0 ? "none" : `${percent} %`)));
    this.remove_button = h("button", { type: "button", className: "danger", onclick: () => this.remove() }, "Remove from the lesson");
    this.element = h(
      "dialog",
      { className: "student-panel", "aria-labelledby": "student-name", onclose: () => (this.student_id = null) },
      this.heading,
      this.need,
      this.figures,
      h("label", { htmlFor: "student-extra" }, "Extra time, kept with the enrollment"),
      this.extra,
      h("div", { className: "row" }, this.remove_button, h("form", { method: "dialog" }, h("button", {}, "Close"))),
    );
  }

  open(student_id, picture, now) {
    if (!picture.students.has(student_id)) return;
    this.student_id = student_id;
    this.draw(picture, now);
    this.element.showModal();
  }

  remove() {
    if (!confirm(`Remove ${this.heading.textContent} from this lesson? Answers stay; the enrollment too.`)) return;
    this.does.remove(this.student_id);
    this.element.close();
  }

  update(picture, { students, has_document }, now) {
    if (this.student_id === null || (!students.has(this.student_id) && !has_document)) return;
    if (picture.students.has(this.student_id)) this.draw(picture, now);
    else this.element.close();
  }

  draw(picture, now) {
    const row = picture.students.get(this.student_id);
    const share = accuracy(row);
    setText(this.heading, nameOf(row, this.does.numberOf(this.student_id)));
    show(this.need, row.struggling !== null);
    setText(this.need, needText(row.struggling));
    const figures = [
      ["Now", presenceText(row.presence)],
      ["Answers", counted(row.answered, "answer")],
      ["Right", share === null ? "–" : `${row.correct} (${share} %)`],
      ["In a row", String(row.streak)],
      ["Time an answer", row.answered > 0 ? durationText(row.mean_ms) : "–"],
      ["Sure and wrong", String(row.sure_and_wrong)],
      ["Recall of the lesson's cards", percentText(row.recall)],
      ["Heard of last", row.last_seen > 0 ? lastSeen(row.last_seen, now) : "–"],
    ];
    this.figures.replaceChildren(...figures.map(([what, value]) => h("div", {}, h("dt", {}, what), h("dd", {}, value))));
    const percent = String(row.extra_percent ?? 0);
    if (![...this.extra.options].some(({ value }) => value === percent)) this.extra.append(h("option", { value: percent }, `${percent} %`));
    if (document.activeElement !== this.extra) this.extra.value = percent;
    this.remove_button.disabled = !picture.isOn;
  }
}

function lastSeen(at, now) {
  const ago = now - at;
  if (ago < 5_000) return "just now";
  return ago < 3_600_000 ? `${durationText(ago)} ago` : new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
