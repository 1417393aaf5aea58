// The end of a lesson, to be read in half a minute: what was hard, what went wrong most, whom to talk to.

import { busily, h, setText, show } from "./dom.js";
import { cardLine } from "./live-cards.js";
import { nameOf, needText, wrongText } from "./lesson-words.js";
import { hardest, talkTo } from "./standing.js";

const SHOWN = 5;

export class LiveEnd {
  /**
   * @param {{api: import("./class-api.js").ClassApi, texts: import("./card-texts.js").CardTexts, class_id: string,
   *   numberOf: (student_id: string) => number}} parts
   */
  constructor({ api, texts, class_id, numberOf }) {
    Object.assign(this, { api, texts, class_id, numberOf });
    this.hard = h("ol", { "data-end": "hard" });
    this.wrong = h("ol", { "data-end": "wrong" });
    this.talk = h("ol", { "data-end": "talk" });
    this.complaint = h("p", { className: "complaint", role: "alert" });
    const part = (title, list) => h("section", { "aria-label": title }, h("h3", {}, title), list);
    this.element = h(
      "section",
      { className: "panel live-end", hidden: true, "aria-label": "The end of the lesson" },
      h("h2", {}, "That was the lesson"),
      h("div", { className: "end-columns" }, part("Hardest cards", this.hard), part("Commonest wrong answers", this.wrong), part("Whom to talk to", this.talk)),
      h("div", { className: "row" }, ["json", "csv"].map((format) => this.downloadButton(format)), h("a", { className: "button", href: `#/class/${class_id}` }, "All lessons of the class")),
      this.complaint,
    );
  }

  downloadButton(format) {
    const button = h("button", { type: "button", onclick: () => busily(button, () => this.download(format)) }, `Report as ${format.toUpperCase()}`);
    return button;
  }

  async download(format) {
    setText(this.complaint, "");
    try {
      await saveReport(this.api, this.class_id, this.lesson, format);
    } catch (error) {
      setText(this.complaint, error.status === 404 ? "The report is being stored; try again in a moment." : error.message);
    }
  }

  update(picture, { students, cards, has_wrong, has_document }, forced) {
    const is_over = picture.isKnown && picture.document.lesson !== null && picture.document.state === "closed";
    show(this.element, is_over);
    if (!is_over || !(forced || has_document || has_wrong || students.size > 0 || cards.size > 0)) return;
    this.lesson = picture.document.lesson;
    fill(this.hard, hardest(picture.cards.values(), SHOWN).map((card) => cardLine(this.texts, card)), "No card was hard.");
    fill(this.wrong, picture.wrong.slice(0, SHOWN).map(wrongText), "No wrong answers were typed or chosen.");
    const people = talkTo(picture.students.values()).slice(0, SHOWN);
    fill(this.talk, people.map((row) => `${nameOf(row, this.numberOf(row.student_id))}: ${needText(row.struggling)}`), "Nobody seems to need help.");
  }
}

/** Saves the report of a lesson as a file on this device. */
export async function saveReport(api, class_id, lesson, format) {
  const url = URL.createObjectURL(await api.reportFile(class_id, lesson, format));
  h("a", { href: url, download: `lesson.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function fill(list, lines, nothing) {
  const texts = lines.length > 0 ? lines : [nothing];
  if (list.dataset.lines === texts.join("\n")) return;
  list.dataset.lines = texts.join("\n");
  list.replaceChildren(...texts.map((text) => h("li", {}, text)));
}
