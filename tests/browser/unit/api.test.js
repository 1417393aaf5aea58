import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { ANSWER_LIMIT_MS, Api, ApiError } from "../../../web/api.js";

const real = { fetch: globalThis.fetch, timeout: AbortSignal.timeout };
afterEach(() => {
  globalThis.fetch = real.fetch;
  AbortSignal.timeout = real.timeout;
});

/** An API whose requests are answered by this; the limits that they were given are remembered. */
function api(answer) {
  const limits = [];
  AbortSignal.timeout = (limit_ms) => ({ limit_ms });
  globalThis.fetch = async (path, { signal }) => {
    limits.push(signal?.limit_ms ?? null);
    return answer();
  };
  return [new Api(() => "token"), limits];
}

const json = (value, status = 200) => new Response(JSON.stringify(value), { status });

test("what may be asked for again is waited for so long, and a file as long as it takes", async () => {
  const [asked, limits] = api(() => json({ items: [] }));
  await asked.decks();
  await asked.makeDeck({ title: "Words" }, "key");
  assert.deepEqual(limits.splice(0), [ANSWER_LIMIT_MS, ANSWER_LIMIT_MS]);
  await asked.importFile("d", "front,back", { type: "text/csv", dry_run: true, key: "key" });
  await asked.jobRejected("j");
  await asked.file("/lesson", "application/json");
  assert.deepEqual(limits.splice(0), [null, null, null]);
});

test("of what would be done twice an answer is waited for", async () => {
  const [asked, limits] = api(() => json({}));
  await asked.withdrawJob("j", false);
  await asked.changeMe({ rollover_hour: 4 });
  await asked.makeDeck({ title: "Words" });
  assert.deepEqual(limits, [null, null, null]);
});

test("a browser that knows no limits waits", async () => {
  const [asked, limits] = api(() => json({ items: [] }));
  AbortSignal.timeout = undefined;
  assert.deepEqual([await asked.decks(), limits], [[], [null]]);
});

test("an answer that breaks off is none, and one that is no JSON", async () => {
  const half = () => new Response(new ReadableStream({ start: (into) => into.error(new Error("gone")) }));
  const isNone = (error) => error instanceof ApiError && error.status === 0;
  await assert.rejects(api(half)[0].decks(), isNone);
  await assert.rejects(api(half)[0].file("/lesson", "text/csv"), isNone);
  await assert.rejects(api(() => new Response("<html>"))[0].decks(), isNone);
  assert.equal(await api(() => new Response(null, { status: 204 }))[0].deleteDeck("d"), null);
});

test("what may be answered a moment later is told from what will not", () => {
  const passing = [0, 401, 404, 422, 429, 500, 503].filter((status) => new ApiError(status, null).isPassing);
  assert.deepEqual(passing, [0, 429, 500, 503]);
});
