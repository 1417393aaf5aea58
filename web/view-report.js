// What an import did, or would do: figures, and each rejected row with its line.

import { h, show } from "./dom.js";
import { counted } from "./format.js";
import { rejectedCsv } from "./files.js";

/** So many rejected rows are listed; the download has them all. */
const LISTED = 100;
/** So many lines of the text are shown. */
const PREVIEW_LINES = 6;

export class ImportReport {
  constructor() {
    this.heading = h("h2", {});
    this.figures = h("ul", { className: "import-figures" });
    this.rejected = h("div", { className: "rejected" });
    this.element = h("div", { className: "report" }, this.heading, this.figures, this.rejected);
  }

  draw({ added, updated, unchanged, rejected }, { dry_run }) {
    const will = dry_run ? "would be " : "";
    this.heading.textContent = dry_run ? "This is what the import would do" : "The import is done";
    const line = (count, what, kind) => (count > 0 ? h("li", { className: kind, "data-figure": kind, "data-number": count }, h("b", {}, String(count)), ` ${what}`) : null);
    const lines = [
      line(added, `${word(added)} ${will}added`, "added"),
      line(updated, `${word(updated)} ${will}changed`, "updated"),
      line(unchanged, `${word(unchanged)} there already, left alone`, "unchanged"),
      line(rejected.length, `${rejected.length === 1 ? "row" : "rows"} ${will}rejected`, "refused"),
    ].filter(Boolean);
    this.figures.replaceChildren(...(lines.length > 0 ? lines : [h("li", {}, "There is no card in it.")]));
    this.drawRejected(rejected);
  }

  drawRejected(rejected) {
    show(this.rejected, rejected.length > 0);
    if (rejected.length === 0) return;
    const rows = rejected.slice(0, LISTED).map(({ line, column, reason }) => h("tr", {}, h("td", {}, String(line ?? "")), h("td", {}, String(column ?? "")), h("td", {}, String(reason ?? ""))));
    const hidden = rejected.length - rows.length;
    this.rejected.replaceChildren(
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "Line"), h("th", {}, "Column"), h("th", {}, "Reason"))), h("tbody", {}, rows)),
      hidden > 0 ? h("p", { className: "quiet" }, `and ${counted(hidden, "more row")}`) : "",
      h("button", { type: "button", className: "plain-button", onclick: () => download(rejectedCsv(rejected), "rejected.csv") }, "Download the rejected rows"),
    );
  }
}

/** The first lines of the text, as they are. */
export function preview(text) {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "").slice(0, PREVIEW_LINES);
  const cells = (line) => line.split("\t").map((cell, at) => [at > 0 ? h("span", { className: "tab" }, " ⇥ ") : "", cell]).flat();
  return h("div", {}, h("p", { className: "quiet" }, "It begins like this:"), h("pre", {}, lines.map((line) => h("div", {}, cells(line)))));
}

function word(count) {
  return count === 1 ? "card" : "cards";
}

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
