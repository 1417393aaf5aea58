import assert from "node:assert/strict";
import { test } from "node:test";
import { dueText, inDays, progressText, ruleText, sumsOf } from "../../../web/homework.js";
import { codeIn } from "../../../web/view-join.js";

test("rules, days and standings read like speech", () => {
  assert.equal(ruleText({ kind: "days", days: 1 }), "studied on 1 day");
  assert.equal(ruleText({ kind: "each_card" }), "each card answered");
  assert.equal(ruleText({ kind: "of a newer server" }), "done by another rule");
  assert.equal(dueText("2026-10-09", "en-GB"), "due Friday 9 October");
  assert.equal(sumsOf([{ status: "done" }, { status: "late" }, { status: "done" }]), "2 done, 1 late, 0 started, 0 not started");
  assert.equal(progressText({ rule: { kind: "days", days: 3 }, days: 2 }), "2 of 3 days");
  assert.equal(progressText({ rule: { kind: "each_card" }, cards_answered: 1, of_cards: 12 }), "1 of 12 cards");
});

test("a day so many days ahead knows months and years", () => {
  assert.equal(inDays(new Date(2026, 11, 28), 7), "2027-01-04");
  assert.equal(inDays(new Date(2028, 1, 28), 1), "2028-02-29");
});

test("the code of a lesson is read from its address, however it was typed", () => {
  assert.equal(codeIn("/j/acde34"), "ACDE34");
  assert.equal(codeIn("/j/ACD%20E34/"), "ACDE34");
  assert.equal(codeIn("/j/"), null);
  assert.equal(codeIn("/j/%ZZ"), null);
  assert.equal(codeIn("/"), null);
});
