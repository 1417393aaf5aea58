// Making a deck from a file or from two pasted columns. Before anything is kept, the server says what it would do.

import { busily, h, setText, show } from "./dom.js";
import { ImportReport, preview } from "./view-report.js";
import { isJob, textOf, typeOf, titleOf } from "./files.js";
import { AskedOnce, randomBytes, uuid4 } from "./ids.js";

export class ImportView {
  /** `deck_id`: the deck to import into; null makes a new one. */
  constructor(app, deck_id) {
    this.app = app;
    this.empty = new AskedOnce();
    this.deck_id = deck_id;
    this.title = "New deck";
    this.files = [];
    this.source = null;
    this.element = h("section", { className: "import" }, h("a", { href: deck_id ? `#/deck/${deck_id}` : "#/", className: "back-link" }, "‹ Back"), this.buildForm(), this.buildTrial());
  }

  buildForm() {
    this.heading = h("h1", {}, this.deck_id ? "Import into the deck" : "New deck");
    this.name = h("input", { id: "title", maxLength: 200, autocomplete: "off" });
    this.file = h("input", { type: "file", id: "file", className: "unseen", accept: ".apkg,.colpkg,.zip,.jsonl,.ndjson,.csv,.tsv,.tab,.txt,text/csv,text/tab-separated-values,text/plain", onchange: () => this.takeFiles([...this.file.files]) });
    this.chosen = h("span", { className: "chosen" });
    this.text = h("textarea", { id: "pasted", rows: 8, spellcheck: false, placeholder: "Capital of France\tParis\nCapital of Peru\tLima" });
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.try_button = h("button", { className: "primary" }, "Look at it first");
    this.form = h(
      "form",
      { className: "panel", onsubmit: (event) => this.submit(event) },
      this.deck_id ? null : h("label", { htmlFor: "title" }, "Name of the deck"),
      this.deck_id ? null : this.name,
      h("label", { htmlFor: "file", className: "dropzone" }, h("strong", {}, "Drop an Anki package, a CSV or a TSV file here"), h("span", {}, " or choose one"), this.chosen, this.file),
      h("label", { htmlFor: "pasted" }, "Or paste two columns: front and back"),
      this.text,
      h("p", { className: "quiet" }, "Copied from a spreadsheet, or one card a line with a tab, comma or semicolon between. A first line with names (front, back, hint, tags) is understood."),
      h("div", { className: "row" }, this.try_button, this.deck_id ? null : h("button", { type: "button", onclick: (event) => busily(event.currentTarget, () => this.makeEmpty()) }, "Make an empty deck")),
      this.complaint,
    );
    return h("div", {}, this.heading, this.form);
  }

  buildTrial() {
    this.report = new ImportReport();
    this.sample = h("div", { className: "sample" });
    this.keep_button = h("button", { type: "button", className: "primary", onclick: () => busily(this.keep_button, () => this.keep()) }, "Import");
    this.trial = h(
      "div",
      { className: "panel trial", hidden: true, tabIndex: -1, "aria-label": "What the import would do" },
      this.report.element,
      this.sample,
      h("div", { className: "row" }, this.keep_button, h("button", { type: "button", onclick: () => this.turn(false) }, "Change something")),
    );
    return this.trial;
  }

  enter() {
    if (this.app.dropped.length > 0) this.takeFiles(this.app.dropped.splice(0));
  }

  takeFiles(files) {
    if (files.length === 0) return;
    this.files = files;
    this.nextFile();
  }

  /** The next of the dropped files, tried at once. */
  nextFile() {
    const file = this.files.shift();
    if (isJob(file.name)) return this.tryJob(file);
    this.source = { body: file, name: file.name, type: typeOf(file.name, ""), text: async () => textOf(new Uint8Array(await file.slice(0, 4_096).arrayBuffer())) };
    setText(this.chosen, ` ${file.name}`);
    if (!this.deck_id) this.name.value = titleOf(file.name);
    this.text.value = "";
    this.trySource();
  }

  /** Uploads a file that takes longer, and goes to where it can be watched. */
  async tryJob(file) {
    setText(this.complaint, "");
    await busily(this.try_button, async () => {
      try {
        const onProgress = (fraction) => setText(this.chosen, ` ${file.name}: ${Math.round(fraction * 100)} % sent`);
        const job = await this.app.api.uploadJob(file, { dry_run: true, options: { deck_id: this.deck_id }, onProgress });
        this.app.go(`#/job/${job.job_id}`);
      } catch (error) {
        setText(this.complaint, sentenceOf(error));
      }
    });
  }

  submit(event) {
    event.preventDefault();
    const text = this.text.value;
    if (text.trim() !== "") {
      this.source = { body: text, name: null, type: typeOf(null, text), text: async () => text.slice(0, 4_096) };
    }
    if (this.source === null) return setText(this.complaint, "Choose a file, or paste two columns.");
    this.trySource();
  }

  async trySource() {
    setText(this.complaint, "");
    await busily(this.try_button, async () => {
      try {
        const outcome = await this.send(true);
        this.report.draw(outcome, this.about(true));
        this.sample.replaceChildren(preview(await this.source.text()));
        this.keep_button.disabled = outcome.added + outcome.updated === 0;
        this.turn(true);
      } catch (error) {
        this.turn(false);
        setText(this.complaint, sentenceOf(error));
      }
    });
  }

  /** The name of the deck that is to be made. */
  get deckTitle() {
    return this.name.value.trim() || "My deck";
  }

  /** Imports what was chosen, or only tries it. Sent again because no answer came, it makes no second deck. */
  send(dry_run) {
    const { body, type } = this.source;
    const key = dry_run ? null : (this.source.key ??= uuid4(randomBytes(16)));
    return this.app.api.importFile(this.deck_id, body, { type, dry_run, key, title: this.deck_id ? null : this.deckTitle });
  }

  /** What is said beside a report: whether it was a trial, and where its rejected rows come from. */
  about(dry_run) {
    const { body, type } = this.source;
    return { dry_run, rejectedRows: () => this.app.api.rejectedRows(body, { type }) };
  }

  turn(to_trial) {
    show(this.trial, to_trial);
    show(this.form, !to_trial);
    if (to_trial) this.trial.focus();
  }

  async keep() {
    // A page that was put aside and came back has nothing to import any more.
    if (this.source === null) return this.turn(false);
    try {
      const outcome = await this.send(false);
      this.finish(outcome.deck_id, outcome);
    } catch (error) {
      this.turn(false);
      setText(this.complaint, sentenceOf(error));
    }
  }

  finish(deck_id, outcome) {
    const report = new ImportReport();
    report.draw(outcome, this.about(false));
    const next = this.files.length > 0;
    this.source = null;
    this.element.replaceChildren(
      h(
        "div",
        { className: "panel trial", tabIndex: -1 },
        report.element,
        h(
          "div",
          { className: "row" },
          h("a", { className: "button primary", href: `#/study/${deck_id}` }, "Study it"),
          h("a", { className: "button", href: `#/deck/${deck_id}` }, "See the cards"),
          next ? h("button", { type: "button", onclick: () => this.again() }, `Next file (${this.files.length} left)`) : null,
        ),
      ),
    );
  }

  again() {
    this.app.dropped = this.files.splice(0);
    this.app.go("#/import");
  }

  async makeEmpty() {
    try {
      const deck = await this.app.api.makeDeck({ title: this.deckTitle }, this.empty.keyOf(this.deckTitle));
      this.app.go(`#/deck/${deck.deck_id}`);
    } catch (error) {
      setText(this.complaint, sentenceOf(error));
    }
  }
}

function sentenceOf(error) {
  const line = error.problem?.line;
  const named = new RegExp(`\\bline ${line}\\b`, "i").test(error.message);
  return line && !named ? `Line ${line}: ${error.message}` : error.message;
}
