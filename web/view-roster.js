// People and classes from a school's own system: for teachers and administrators. Nothing is kept before it was looked at.

import { busily, h, setText, show } from "./dom.js";

const MAY_IMPORT = ["owner", "admin", "teacher"];
const ADMINISTERS = ["owner", "admin"];

/** Whether somebody imports rosters: for an organisation, as a teacher or more. */
export function mayImportPeople(me) {
  return me !== null && me.org !== null && MAY_IMPORT.includes(me.role);
}

export class RosterView {
  constructor(app) {
    this.app = app;
    this.title = "People and classes";
    this.file = h("input", { type: "file", id: "roster", className: "unseen", accept: ".zip,.csv,.tsv,.tab,.txt,text/csv,text/tab-separated-values,text/plain", onchange: () => this.takeFiles([...this.file.files]) });
    this.chosen = h("span", { className: "chosen" });
    this.classes = h("select", { id: "roster-class" }, h("option", { value: "" }, "The classes that the file names"));
    this.scope = h("select", { id: "roster-scope" }, SCOPES.map(([value, text]) => h("option", { value }, text)));
    this.scope_part = h("div", { hidden: true }, h("label", { htmlFor: "roster-scope" }, "Whom it speaks about"), this.scope);
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.form = h(
      "div",
      { className: "panel" },
      h("label", { htmlFor: "roster", className: "dropzone" }, h("strong", {}, "Drop a OneRoster file (zip) or a table of people here"), h("span", {}, " or choose one"), this.chosen, this.file),
      h("p", { className: "quiet" }, "A table has a header (name, email, id, class, in any order and several languages) and a person, or a person's class, in each row. You see who is new, moved, changed and gone before anything is kept."),
      h("div", { className: "columns" }, h("div", {}, h("label", { htmlFor: "roster-class" }, "Rows without a class belong to"), this.classes), this.scope_part),
      this.complaint,
    );
    this.element = h("section", { className: "import roster" }, h("a", { href: "#/", className: "back-link" }, "‹ Decks"), h("h1", {}, this.title), this.form);
  }

  enter() {
    this.offerClasses();
  }

  update() {
    const { me } = this.app;
    show(this.scope_part, ADMINISTERS.includes(me?.role));
    if (me !== null && !mayImportPeople(me)) setText(this.complaint, me.org === null ? "You are of no organisation: people are imported into one." : "Teachers and administrators import people.");
  }

  async offerClasses() {
    try {
      const own = await this.app.api.ownClasses();
      this.classes.append(...own.map(({ class_id, title }) => h("option", { value: class_id }, title)));
    } catch (error) {
      setText(this.complaint, error.message);
    }
  }

  /** Tries the first of the files: one roster is looked at before the next. */
  async takeFiles(files) {
    const [file] = files;
    if (!file) return;
    setText(this.complaint, "");
    try {
      await busily(this.file, async () => {
        const onProgress = (fraction) => setText(this.chosen, ` ${file.name}: ${Math.round(fraction * 100)} % sent`);
        const options = { format: "roster", class_id: this.classes.value || null, scope: this.scope.value || null };
        const job = await this.app.api.uploadJob(file, { dry_run: true, options, onProgress });
        this.app.go(`#/job/${job.job_id}`);
      });
    } catch (error) {
      setText(this.chosen, "");
      setText(this.complaint, error.message);
    } finally {
      // The same file may be chosen again.
      this.file.value = "";
    }
  }
}

const SCOPES = [
  ["", "As the file says"],
  ["organisation", "Everybody: who is not in it is gone"],
  ["classes", "Its classes alone"],
];
