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

test("an answer is waited for so long, and a file as long as it takes", async () => {
  const [asked, limits] = api(() => json({ items: [] }));
  await asked.decks();
  await asked.makeDeck({ title: "Words" });
  await asked.importFile("d", "front,back", { type: "text/csv", dry_run: true });
  await asked.jobRejected("j");
  assert.deepEqual(limits, [ANSWER_LIMIT_MS, ANSWER_LIMIT_MS, null, null]);
});

test("an answer that breaks off is none", async () => {
  const half = () => new Response(new ReadableStream({ start: (into) => into.error(new Error("gone")) }));
  const [asked] = api(half);
  await assert.rejects(asked.decks(), (error) => error instanceof ApiError && error.status === 0);
});

test("what may be answered a moment later is told from what will not", () => {
  const passing = [0, 401, 404, 422, 429, 500, 503].filter((status) => new ApiError(status, null).isPassing);
  assert.deepEqual(passing, [0, 429, 500, 503]);
});
