// The whole class in a few figures, and its last hour as a small chart.

import { h, setText, show } from "./dom.js";
import { counted, durationText } from "./format.js";
import { lastHour } from "./lesson-history.js";
import { accuracy } from "./standing.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 48;

const FIGURES = [
  ["here", "here", ({ here, students }) => `${here} of ${students}`],
  ["answered", "answers", ({ answered }) => String(answered)],
  ["right", "right", (totals) => (accuracy(totals) === null ? "–" : `${accuracy(totals)} %`)],
  ["time", "an answer", ({ elapsed_ms, answered }) => (answered > 0 ? durationText(elapsed_ms / answered) : "–")],
  ["sure", "sure and wrong", ({ sure_and_wrong }) => String(sure_and_wrong)],
];

export class LiveTotals {
  constructor() {
    this.figures = FIGURES.map(([name, what, textOf]) => ({ textOf, value: h("dd", { "data-total": name }, "–"), what }));
    this.unsaved = h("p", { className: "quiet live-unsaved", hidden: true });
    this.chart = new Chart();
    this.element = h(
      "section",
      { className: "live-totals", "aria-label": "The whole class" },
      h("dl", { className: "figures" }, this.figures.map(({ what, value }) => h("div", {}, value, h("dt", {}, what)))),
      this.chart.element,
      this.unsaved,
    );
  }

  update(picture, { has_totals }, now) {
    if (has_totals) {
      for (const { textOf, value } of this.figures) setText(value, textOf(picture.totals));
      show(this.unsaved, picture.unsaved > 0);
      setText(this.unsaved, `${counted(picture.unsaved, "answer")} not durable yet, in no figure.`);
    }
    this.chart.draw(lastHour(picture.minutes, now));
  }
}

/** Answers a minute, the right ones darker. */
class Chart {
  constructor() {
    this.bars = Array.from({ length: 60 }, (_, at) => [rect("chart-all", at), rect("chart-right", at)]);
    this.picture = document.createElementNS(SVG, "svg");
    this.picture.setAttribute("viewBox", `0 0 240 ${HEIGHT}`);
    this.picture.setAttribute("preserveAspectRatio", "none");
    this.picture.setAttribute("role", "img");
    this.picture.append(...this.bars.flat());
    this.caption = h("figcaption", { className: "quiet" });
    this.element = h("figure", { className: "chart" }, this.picture, this.caption);
    this.drawn = "";
  }

  draw(bars) {
    const key = bars.map(({ answered, correct }) => `${answered},${correct}`).join(" ");
    if (key === this.drawn) return;
    this.drawn = key;
    const most = Math.max(1, ...bars.map(({ answered }) => answered));
    bars.forEach(({ answered, correct }, at) => {
      raise(this.bars[at][0], answered / most);
      raise(this.bars[at][1], correct / most);
    });
    const sum = bars.reduce((all, { answered }) => all + answered, 0);
    const text = `Answers a minute in the last hour: ${sum} in all, ${most > 1 || sum > 0 ? most : 0} at most.`;
    this.picture.setAttribute("aria-label", text);
    setText(this.caption, sum > 0 ? `Last hour: up to ${counted(most, "answer")} a minute` : "Last hour: no answers yet");
  }
}

function rect(name, at) {
  const bar = document.createElementNS(SVG, "rect");
  bar.setAttribute("class", name);
  bar.setAttribute("x", String(at * 4));
  bar.setAttribute("width", "3");
  raise(bar, 0);
  return bar;
}

function raise(bar, share) {
  const height = Math.round(share * HEIGHT * 10) / 10;
  if (bar.getAttribute("height") === String(height)) return;
  bar.setAttribute("height", String(height));
  bar.setAttribute("y", String(HEIGHT - height));
}
