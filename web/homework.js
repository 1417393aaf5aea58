// Words for homework: until when, when it is done, how somebody stands. Pure.

import { counted } from "./format.js";

/** How somebody stands with it; who needs a look comes first. */
export const STANDINGS = { not_started: "not started", started: "started", late: "late", done: "done" };

/** When it is done, by its rule. */
export function ruleText(rule) {
  if (rule?.kind === "days") return `studied on ${counted(rule.days, "day")}`;
  return rule?.kind === "each_card" ? "each card answered" : "done by another rule";
}

/** A study day (`YYYY-MM-DD`) as people say it: "due Friday, 9 October". */
export function dueText(day, locale = undefined) {
  const at = new Date(`${day}T00:00:00Z`);
  return `due ${new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" }).format(at)}`;
}

/** How many stand how: "4 done, 1 late, 2 started, 3 not started". */
export function sumsOf(students) {
  const count = (status) => students.filter((student) => student.status === status).length;
  return Object.entries(STANDINGS).reverse().map(([status, text]) => `${count(status)} ${text}`).join(", ");
}

/** What a learner has done of it. */
export function progressText({ rule, days, cards_answered, of_cards }) {
  if (rule?.kind === "days") return `${days} of ${counted(rule.days, "day")}`;
  return `${cards_answered} of ${counted(of_cards, "card")}`;
}

/** The local date so many days from `date`, as `YYYY-MM-DD`. */
export function inDays(date, days) {
  const then = new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
  const two = (number) => String(number).padStart(2, "0");
  return `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
}
