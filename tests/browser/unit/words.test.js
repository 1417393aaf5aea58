import assert from "node:assert/strict";
import { test } from "node:test";
import { remarksCsv, textOf, titleOf, typeOf } from "../../../web/files.js";
import { counted, daysText, durationText, momentText, nextDay, outcomeText, studyDay } from "../../../web/format.js";
import { backoffMs, BACKOFF_CAP_MS, onClose } from "../../../web/closecodes.js";
import { claimsOf, Tokens } from "../../../web/tokens.js";
import { tokenFor } from "../mock/server.js";

test("what a grade would do is said in a word", () => {
  assert.equal(outcomeText({ days: 1, again_today: true }), "again today");
  assert.equal(outcomeText({ days: 6 }), "6 d");
  assert.equal(outcomeText({ days: 0 }), "today");
  assert.equal(daysText(145), "4.8 mo");
  assert.equal(daysText(36_500), "99.9 y");
});

test("durations and moments read like speech", () => {
  const now = new Date(2026, 4, 4, 12, 0).getTime();
  assert.equal(durationText(44_600), "45 s");
  assert.equal(durationText(3_900_000), "1 h 5 min");
  assert.equal(momentText(now + 40_000, now), "in 40 s");
  assert.equal(momentText(new Date(2026, 4, 5, 4, 0).getTime(), now, "en-GB"), "tomorrow at 04:00");
  assert.equal(momentText(new Date(2026, 4, 30, 4, 0).getTime(), now, "en-GB"), "on 30 May");
  assert.equal(counted(1, "answer"), "1 answer");
  assert.equal(counted(0, "answer"), "0 answers");
});

test("the study day begins at the rollover hour, where the learner is", () => {
  const at = Date.UTC(2026, 9, 25, 1, 30);
  assert.equal(studyDay(at, "Europe/Vienna", 4), "2026-10-24");
  assert.equal(studyDay(at, "Pacific/Kiritimati", 4), "2026-10-25");
  assert.equal(nextDay("2026-12-31"), "2027-01-01");
  assert.equal(nextDay("2028-02-28"), "2028-02-29");
});

test("4000 to 4499 come back and 4500 to 4999 do not, known or not", () => {
  for (let code = 4000; code < 5000; code++) assert.equal(onClose(code).stops, code >= 4500, String(code));
  assert.equal(onClose(1006).stops, false);
  assert.ok(onClose(4413).floor_ms >= 300_000);
});

test("the wait before coming back grows, is jittered and has an end", () => {
  assert.ok(backoffMs(0, 0) < backoffMs(0, 0.99));
  assert.ok(backoffMs(3, 0) > backoffMs(0, 0.99));
  assert.ok(backoffMs(40, 0.99) <= BACKOFF_CAP_MS);
});

test("a file's kind and a deck's name come from the file", () => {
  assert.equal(typeOf("a.TSV", ""), "text/tab-separated-values");
  assert.equal(typeOf(null, "\nFrance\tParis\n"), "text/tab-separated-values");
  assert.equal(typeOf(null, "France,Paris"), "text/csv");
  assert.equal(titleOf("world-capitals_2.csv"), "world capitals 2");
  assert.equal(remarksCsv([{ line: 3, column: 1, reason: "=1+1" }]), 'line,column,reason\r\n"3","1","\'=1+1"\r\n');
  assert.equal(remarksCsv([{ line: 3, column: "front", reason: 'has a "' }]), 'line,column,reason\r\n"3","front","has a """\r\n');
});

function storage() {
  const map = new Map();
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => map.set(key, value), removeItem: (key) => map.delete(key) };
}

test("a tab keeps its learner when another tab signs somebody else in", () => {
  const shared = storage();
  const [mine, other] = [new Tokens(shared, storage()), new Tokens(shared, storage())];
  mine.keep(tokenFor("mira"));
  other.keep(tokenFor("jon"));
  assert.equal(mine.current().user_id, "mira");
  assert.equal(new Tokens(shared, storage()).current().user_id, "jon");
  mine.forget("mira");
  assert.equal(mine.current(), null, "who signs out is not signed in as somebody else");
});

test("what is no token is not kept", () => {
  assert.equal(claimsOf("nonsense"), null);
  assert.equal(claimsOf("a.b.c"), null);
  assert.equal(new Tokens(storage(), storage()).keep("  hello "), null);
});

test("the beginning of a file is shown in the letters it was written in", () => {
  const bytes = (...numbers) => new Uint8Array(numbers);
  assert.equal(textOf(new TextEncoder().encode("Bär;Übung")), "Bär;Übung");
  assert.equal(textOf(bytes(0x42, 0xe4, 0x72)), "Bär", "as old spreadsheets write");
  assert.equal(textOf(bytes(0xff, 0xfe, 0x42, 0, 0xe4, 0, 0x72, 0)), "Bär", "UTF-16 by its mark");
  assert.equal(textOf(bytes(0x42, 0xc3, 0xa4, 0x72, 0xc3)), "Bär", "a letter that is cut at the end is left out");
});
