// An import that goes on by itself: how far it is, what it would bring or has brought, and how to take it back.

import { busily, h, setHtml, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { Guard, rosterFigures, rosterParts } from "./roster-report.js";

/** How often it is asked how far it is, in milliseconds. */
const ASK_EVERY_MS = 500;
/** So many decks, and so many note types, are listed. */
const DECKS_LISTED = 100;
const TYPES_LISTED = 20;

const PHASES = {
  waiting: "Waiting for its turn",
  reading: "Reading the file",
  tried: "This is what the import would do",
  writing: "Bringing it in",
  committing: "Almost there",
  done: "The import is done",
  failed: "The import failed",
  revoking: "Taking it back",
  revoked: "The import was taken back",
};

const FIGURES = [
  ["added", "new cards"],
  ["updated", "changed cards"],
  ["unchanged", "cards that are there already"],
  ["reviews", "answers from the review log"],
  ["media", "pictures and sounds"],
  ["rejected", "rows that do not come in"],
];

const REASONS = {
  learning_steps: "was in learning steps",
  lapsed_interval: "kept its interval through a lapse",
  filtered_deck: "lay in a filtered deck",
  far_due_day: "due day out of reach",
  put_aside: "suspended or buried",
  empty_card: "shows nothing",
};

export class JobView {
  constructor(app, job_id) {
    this.app = app;
    this.job_id = job_id;
    this.title = "Import";
    this.timer = null;
    this.left = false;
    this.drawn = null;
    this.heading = h("h1", { tabIndex: -1 });
    this.name = h("p", { className: "quiet" });
    this.progress = h("progress", { max: 1, "aria-label": "How far it is" });
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.report = h("div", { className: "job-report" });
    this.commit_button = h("button", { type: "button", className: "primary", onclick: () => this.act(this.commit_button, () => app.api.commitJob(job_id, { confirm_gone: this.guard.confirmed })) }, "Import");
    this.guard = new Guard(() => this.allow());
    this.study_link = h("a", { className: "button primary", href: "#/study" }, "Study");
    this.undo_button = h("button", { type: "button", onclick: () => this.act(this.undo_button, () => this.undo()) }, "Take it back");
    this.element = h(
      "section",
      { className: "job" },
      h("a", { href: "#/", className: "back-link" }, "‹ Decks"),
      this.heading,
      h("div", { className: "panel" }, this.name, this.progress, this.report, this.guard.element, h("div", { className: "row" }, this.commit_button, this.study_link, this.undo_button), this.complaint),
    );
  }

  enter() {
    this.look();
  }

  leave() {
    this.left = true;
    clearTimeout(this.timer);
  }

  async look() {
    let finished = false;
    try {
      const job = await this.app.api.job(this.job_id);
      finished = job.finished;
      this.draw(job);
    } catch (error) {
      setText(this.complaint, error.message);
      finished = error.status === 404;
    }
    if (!finished && !this.left) this.timer = setTimeout(() => this.look(), ASK_EVERY_MS);
  }

  async act(button, work) {
    setText(this.complaint, "");
    try {
      await busily(button, work);
      clearTimeout(this.timer);
      await this.look();
    } catch (error) {
      setText(this.complaint, error.message);
    }
  }

  async undo() {
    try {
      await this.app.api.withdrawJob(this.job_id, false);
    } catch (error) {
      if (error.code !== "studied_since") throw error;
      const asked = `${counted(error.problem.total, "card")} of this import were studied since. Take them back too? The answers stay in your history.`;
      if (confirm(asked)) await this.app.api.withdrawJob(this.job_id, true);
    }
  }

  draw(job) {
    setText(this.heading, PHASES[job.phase] ?? job.phase);
    setText(this.name, job.waits_for ? `${job.name} · waits for ${job.waits_for}` : job.name);
    this.element.dataset.phase = job.phase;
    show(this.progress, !job.finished);
    if (job.total > 0) this.progress.value = Math.min(1, job.done / job.total);
    else this.progress.removeAttribute("value");
    show(this.commit_button, job.phase === "tried");
    show(this.study_link, job.phase === "done" && job.format !== "roster");
    show(this.undo_button, job.phase === "done");
    if (job.decks.length === 1) this.study_link.href = `#/study/${job.decks[0]}`;
    if (job.failure) setText(this.complaint, sentenceOf(job.failure));
    this.guard.put(job);
    this.allow();
    // Pictures of a trial are not there yet: they are asked for anew when they are.
    const shown = JSON.stringify([job.finished && job.phase, job.report]);
    if (job.report === null || this.drawn === shown) return;
    this.drawn = shown;
    this.report.replaceChildren(...[...partsOf(job), this.rejected(job)].filter(Boolean));
  }

  /** What needs a number to be typed waits for it. */
  allow() {
    this.commit_button.disabled = !this.guard.isPassed;
  }

  rejected(job) {
    if (!job.rejected) return null;
    const button = h("button", { type: "button", className: "plain-button", onclick: () => this.act(button, () => this.download()) }, `Download the ${counted(job.rejected, "row")} that did not come in`);
    return button;
  }

  async download() {
    const url = URL.createObjectURL(await this.app.api.jobRejected(this.job_id));
    h("a", { href: url, download: "rejected.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

/** A roster that would empty more than it did when it was tried cannot be confirmed here any more. */
function sentenceOf({ code, detail }) {
  return code === "too_many_gone" ? "Nothing was imported: other people would be gone now than when the file was tried. Choose it again." : detail;
}

function partsOf(job) {
  if (job.format === "roster") return [rosterFigures(job.report), ...rosterParts(job.report)];
  return [figures(job), decks(job.report), losses(job.report), samples(job)];
}

function figures({ report }) {
  const counts = report.counts ?? {};
  const line = ([name, what]) => (counts[name] > 0 ? h("li", { "data-figure": name, "data-number": counts[name], className: name === "rejected" ? "refused" : name }, h("b", {}, String(counts[name])), ` ${what}`) : null);
  return h("ul", { className: "import-figures" }, FIGURES.map(line));
}

/** What is due there and here, deck by deck, and why it differs. */
function decks(report) {
  const rows = report.decks ?? [];
  if (rows.length === 0) return null;
  const why = (deck) => [...Object.entries(deck.only_there ?? {}), ...Object.entries(deck.only_here ?? {})].map(([reason, count]) => `${count} ${REASONS[reason] ?? reason.replaceAll("_", " ")}`).join(", ");
  const row = (deck) => h("tr", {}, [deck.path, deck.cards, deck.new, deck.due_there, deck.due_here, why(deck)].map((cell) => h("td", {}, String(cell ?? ""))));
  return h(
    "div",
    { className: "rejected" },
    h("table", { "aria-label": "Decks" }, h("thead", {}, h("tr", {}, ["Deck", "Cards", "New", "Due there", "Due here", "Why"].map((head) => h("th", {}, head)))), h("tbody", {}, rows.slice(0, DECKS_LISTED).map(row))),
    rows.length > DECKS_LISTED ? h("p", { className: "quiet" }, `and ${counted(rows.length - DECKS_LISTED, "more deck")}`) : null,
  );
}

function losses(report) {
  const lost = Object.entries({ ...report.fidelity?.losses, ...report.fidelity?.media_left_out });
  const options = Object.entries(report.fidelity?.options ?? {});
  if (lost.length + options.length === 0) return null;
  const line = ([what, count]) => h("li", {}, `${count}: ${what.replaceAll("_", " ")}`);
  const option = ([what, count]) => h("li", {}, `${counted(count, "deck")}: another ${what.replaceAll("_", " ")}`);
  return h("details", {}, h("summary", {}, "What does not come over as it was"), h("ul", {}, lost.map(line), options.map(option)));
}

/** Some cards of each note type, as they are shown here. Before it is done, and when it was taken back, no picture is there. */
function samples({ phase, report }) {
  const types = (report.fidelity?.notetypes ?? []).filter(({ samples }) => samples?.length > 0);
  if (types.length === 0) return null;
  const side = (html) => {
    const element = h("div", { className: "card-html" });
    setHtml(element, phase === "done" ? html : html.replaceAll('src="/media/', 'data-later="/media/'));
    return element;
  };
  const sample = ({ front, back }) => h("div", { className: "sample-card" }, side(front), h("hr", {}), side(back));
  return h("details", {}, h("summary", {}, "How cards look here"), types.slice(0, TYPES_LISTED).map((type) => h("section", {}, h("h3", {}, type.name), type.samples.map(sample))));
}
