// What an import did, or would do: figures, and each rejected row with its line.

import { busily, h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { remarksCsv } from "./files.js";

/** So many rejected rows are listed; the download has them all. */
const LISTED = 100;
/** So many lines of the text are shown. */
const PREVIEW_LINES = 6;

export class ImportReport {
  constructor() {
    this.heading = h("h2", {});
    this.figures = h("ul", { className: "import-figures" });
    this.rejected = h("div", { className: "rejected" });
    this.changed = h("div", { className: "rejected" });
    this.element = h("div", { className: "report" }, this.heading, this.figures, this.rejected, this.changed);
  }

  /** `rejectedRows()` gives a CSV file with the rejected rows. */
  draw({ added, updated, unchanged, rejected, rejected_total = rejected.length, changed = [], changed_total = changed.length }, { dry_run, rejectedRows }) {
    const will = dry_run ? "would be " : "";
    this.heading.textContent = dry_run ? "This is what the import would do" : "The import is done";
    const line = (count, what, kind) => (count > 0 ? h("li", { className: kind, "data-figure": kind, "data-number": count }, h("b", {}, String(count)), ` ${what}`) : null);
    const lines = [
      line(added, `${word(added)} ${will}added`, "added"),
      line(updated, `${word(updated)} ${will}changed`, "updated"),
      line(unchanged, `${word(unchanged)} there already, left alone`, "unchanged"),
      line(rejected_total, `${rows(rejected_total)} ${will}rejected`, "refused"),
      line(changed_total, `${rows(changed_total)} ${will}taken with something left out`, "trimmed"),
    ].filter(Boolean);
    this.figures.replaceChildren(...(lines.length > 0 ? lines : [h("li", {}, "There is no card in it.")]));
    drawRemarks(this.rejected, rejected, rejected_total, "rejected", rejectedRows);
    drawRemarks(this.changed, changed, changed_total, "changed", async () => remarksCsv(changed));
  }
}

/** Rows with their line, column and reason; `csv()` gives what can be downloaded of them. */
function drawRemarks(element, remarks, total, name, csv) {
  show(element, remarks.length > 0);
  if (remarks.length === 0) return;
  const listed = remarks.slice(0, LISTED).map(({ line, column, reason, message }) => h("tr", { "data-reason": reason }, [line, column, message ?? reason].map((cell) => h("td", {}, String(cell ?? "")))));
  const hidden = total - listed.length;
  const complaint = h("p", { className: "complaint", role: "alert" });
  const button = h("button", { type: "button", className: "plain-button", onclick: () => busily(button, () => save()) }, `Download the rows ${name}`);
  const save = async () => {
    try {
      setText(complaint, "");
      download(await csv(), `${name}.csv`);
    } catch (error) {
      setText(complaint, error.message);
    }
  };
  element.replaceChildren(
    h("table", { "aria-label": `Rows ${name}` }, h("thead", {}, h("tr", {}, ["Line", "Column", "Reason"].map((head) => h("th", {}, head)))), h("tbody", {}, listed)),
    hidden > 0 ? h("p", { className: "quiet" }, `and ${counted(hidden, "more row")}`) : "",
    button,
    complaint,
  );
}

/** The first lines of the text, as they are. */
export function preview(text) {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "").slice(0, PREVIEW_LINES);
  const cells = (line) => line.split("\t").map((cell, at) => [at > 0 ? h("span", { className: "tab" }, " ⇥ ") : "", cell]).flat();
  return h("div", {}, h("p", { className: "quiet" }, "It begins like this:"), h("pre", {}, lines.map((line) => h("div", {}, cells(line)))));
}

function rows(count) {
  return count === 1 ? "row" : "rows";
}

function word(count) {
  return count === 1 ? "card" : "cards";
}

/** `content`: a text, or a blob. */
function download(content, name) {
  const url = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
