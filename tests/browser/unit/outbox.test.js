import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes, timeOf } from "../../../web/ids.js";
import { Outbox } from "../../../web/outbox.js";
import { recover, spill } from "../../../web/spill.js";
import { MemoryStore } from "../../../web/store-memory.js";

const NOW = 1_795_000_000_000;
const HOUR = 3_600_000;

function tab(store, instance = "tab-1") {
  return new Outbox({ store, instance, randomBytes });
}

let keys = 0;
function draft(more = {}) {
  const command = { type: "answer", deck_id: "d", card_id: "c", grade: 4, elapsed_ms: 1 };
  return { run: "run-1", key: ++keys, of_key: null, user_id: "mira", command, about: "<b>France</b>", at_ms: NOW, offset_ms: 0, frozen: true, strict: false, ...more };
}

test("what was put is there after a restart, oldest first, until it is settled", async () => {
  const store = new MemoryStore();
  const first = await tab(store).put(draft());
  const second = await tab(store).put(draft());
  const again = tab(store);
  assert.deepEqual((await again.load("mira", 0)).entries.map(({ id }) => id), [first.id, second.id]);
  await again.settle("mira", [first.id]);
  assert.deepEqual((await tab(store).load("mira", 0)).entries.map(({ id }) => id), [second.id]);
  assert.equal((await again.recall("mira")).last_saved, first.id);
});

test("ids rise strictly over restarts and over tabs", async () => {
  const store = new MemoryStore();
  let last = "";
  for (let n = 0; n < 50; n++) {
    const { id } = await tab(store, `tab-${n % 3}`).put(draft());
    assert.ok(id > last);
    last = id;
  }
});

test("nothing of another learner is handed out, and its number is known", async () => {
  const store = new MemoryStore();
  await tab(store).put(draft({ user_id: "jon" }));
  const outbox = tab(store);
  assert.deepEqual((await outbox.load("mira", 0)).entries, []);
  assert.equal((await outbox.survey("mira")).others, 1);
  assert.equal((await outbox.load("jon", 0)).entries.length, 1);
});

test("an unsent answer of a wrong clock gets the moment that the server's time proves", async () => {
  const outbox = tab(new MemoryStore());
  const answer = await outbox.put(draft({ frozen: false }));
  const undo = await outbox.put(draft({ frozen: false, of_key: keys, command: { type: "undo", of: null }, at_ms: NOW + 5 }));
  assert.equal(undo.command.of, answer.id);
  const { entries, renamed } = await outbox.load("mira", -HOUR);
  assert.deepEqual(entries.map(({ id }) => timeOf(id)), [NOW - HOUR, NOW - HOUR + 5]);
  assert.equal(entries[1].command.of, entries[0].id);
  assert.equal(renamed.get(answer.id), entries[0].id);
});

test("an id that was final once never changes again", async () => {
  const outbox = tab(new MemoryStore());
  const sent = await outbox.put(draft());
  const loose = await outbox.put(draft({ frozen: false }));
  await outbox.load("mira", 0);
  const { entries, renamed } = await outbox.load("mira", HOUR);
  assert.deepEqual(entries.map(({ id }) => id), [sent.id, loose.id]);
  assert.equal(renamed.size, 0);
});

test("after a clock an hour ahead, new ids go on from the corrected time", async () => {
  const outbox = tab(new MemoryStore());
  await outbox.put(draft({ frozen: false, at_ms: NOW + HOUR }));
  const { entries } = await outbox.load("mira", -HOUR);
  const next = await outbox.put(draft({ at_ms: NOW + 1_000, offset_ms: -HOUR }));
  assert.equal(timeOf(entries[0].id), NOW);
  assert.equal(timeOf(next.id), NOW + 1_000);
});

test("an undo put after a renaming names the new id", async () => {
  const outbox = tab(new MemoryStore());
  await outbox.put(draft({ frozen: false }));
  const answer_key = keys;
  const { entries } = await outbox.load("mira", HOUR);
  const undo = await outbox.put(draft({ of_key: answer_key, command: { type: "undo", of: null }, at_ms: NOW + 2 * HOUR }));
  assert.equal(undo.command.of, entries[0].id);
});

test("a tab's entries are its own until another one adopts them", async () => {
  const store = new MemoryStore();
  const [one, two] = [tab(store, "one"), tab(store, "two")];
  const { id } = await one.put(draft());
  assert.deepEqual((await two.load("mira", 0)).entries, []);
  assert.deepEqual([...(await two.survey("mira")).elsewhere], [["one", 1]]);
  assert.deepEqual((await two.adopt("mira", ["one"], 0)).map((row) => row.id), [id]);
  assert.deepEqual((await one.load("mira", 0)).entries, []);
  assert.equal((await two.load("mira", 0)).entries.length, 1);
});

test("an undo goes to the tab that still has to send what it takes back", async () => {
  const store = new MemoryStore();
  const [one, two] = [tab(store, "one"), tab(store, "two")];
  const answer = await one.put(draft());
  const answer_key = keys;
  await two.adopt("mira", ["one"], 0);
  const undo = await one.put(draft({ of_key: answer_key, command: { type: "undo", of: null } }));
  assert.equal(undo.command.of, answer.id);
  assert.equal(undo.instance, "two");
});

test("what is refused for good is set aside with its sentence until it is dismissed", async () => {
  const outbox = tab(new MemoryStore());
  const { id } = await outbox.put(draft());
  await outbox.dismiss(id);
  assert.equal((await outbox.load("mira", 0)).entries.length, 1, "a waiting entry cannot be dismissed");
  await outbox.refuse(id, { code: "unknown_card", message: "This card never existed." });
  assert.deepEqual((await outbox.load("mira", 0)).entries, []);
  const [refused] = (await outbox.survey("mira")).refused;
  assert.deepEqual([refused.code, refused.message, refused.about], ["unknown_card", "This card never existed.", "France"]);
  await outbox.dismiss(id);
  assert.deepEqual((await outbox.survey("mira")).refused, []);
});

function localStorage() {
  const map = new Map();
  return {
    get length() {
      return map.size;
    },
    key: (at) => [...map.keys()][at],
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, value),
    removeItem: (key) => map.delete(key),
  };
}

test("what a closing page could not put is brought in by the next one, once, undo and all", async () => {
  const [store, storage] = [new MemoryStore(), localStorage()];
  const stored = draft();
  const lost = draft();
  const undo = draft({ of_key: lost.key, command: { type: "undo" } });
  await tab(store).put(stored);
  spill("run-1", [stored, lost, undo], storage);
  const next = tab(store, "tab-2");
  assert.equal(await recover(next, storage), 3);
  const all = await store.change((rows) => rows.all("outbox"));
  assert.equal(all.length, 3, "the one that was put is not doubled");
  assert.equal(all[2].command.of, all[1].id);
  assert.equal(await recover(next, storage), 0);
});

test("a browser that fails to keep entries is told on, and nothing is dropped", async () => {
  const store = new MemoryStore();
  store.persistent = true;
  store.change = () => Promise.reject(new Error("the disk is full"));
  const outbox = tab(store);
  const { id } = await outbox.put(draft());
  assert.equal(outbox.isPersistent, false);
  assert.equal(outbox.fault, "the disk is full");
  assert.deepEqual((await outbox.load("mira", 0)).entries.map((row) => row.id), [id]);
});
