import assert from "node:assert/strict";
import { test } from "node:test";
import { AskedOnce, isUuid, nextId, randomBytes, timeOf, uuid4 } from "../../../web/ids.js";

const NOW = 1_795_000_000_123;

test("an id carries the moment of the answer, and is a UUIDv7", () => {
  const id = nextId(NOW, null, randomBytes(10));
  assert.ok(isUuid(id));
  assert.equal(timeOf(id), NOW);
  assert.equal(id[14], "7");
  assert.match(id[19], /[89ab]/);
});

test("ten thousand ids of one millisecond rise strictly and keep their time", () => {
  let last = null;
  for (let n = 0; n < 10_000; n++) {
    const id = nextId(NOW, last, randomBytes(10));
    assert.ok(last === null || id > last);
    assert.equal(timeOf(id), NOW);
    last = id;
  }
});

test("ids rise though the clock goes back a little", () => {
  const before = nextId(NOW, null, randomBytes(10));
  const after = nextId(NOW - 2_000, before, randomBytes(10));
  assert.ok(after > before);
  assert.equal(timeOf(after), NOW);
});

test("an id from far ahead is no floor, for the server would refuse all that follows", () => {
  const wrong = nextId(NOW + 3_600_000, null, randomBytes(10));
  assert.equal(timeOf(nextId(NOW, wrong, randomBytes(10))), NOW);
});

test("a full counter moves on to the next millisecond", () => {
  const full = `${nextId(NOW, null, randomBytes(10)).slice(0, 14)}7fff-bfff-ffffffffffff`;
  const next = nextId(NOW, full, randomBytes(10));
  assert.ok(isUuid(next) && next > full);
  assert.equal(timeOf(next), NOW + 1);
});

test("a tab's name is a UUIDv4", () => {
  const name = uuid4(randomBytes(16));
  assert.ok(isUuid(name));
  assert.equal(name[14], "4");
});

test("what is asked for again has the same key until it is there", () => {
  const asked = new AskedOnce();
  const key = asked.keyOf({ front: "a" });
  assert.ok(isUuid(key));
  assert.equal(asked.keyOf({ front: "a" }), key);
  const other = asked.keyOf({ front: "b" });
  assert.notEqual(other, key);
  asked.done();
  assert.notEqual(asked.keyOf({ front: "b" }), other);
});
