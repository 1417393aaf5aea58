import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../../web/clock.js";

function device() {
  const time = { wall: 1_000_000, steady: 500 };
  const clock = new Clock({ wall: () => time.wall, steady: () => time.steady });
  const pass = (ms) => {
    time.wall += ms;
    time.steady += ms;
  };
  return { time, clock, pass };
}

test("the server's time, read half a round trip ago, corrects the clock", () => {
  const { clock, pass } = device();
  const asked_at = clock.wall();
  pass(200);
  clock.correct(5_000_100, asked_at);
  assert.equal(clock.now(), 5_000_200);
  pass(1_000);
  assert.equal(clock.now(), 5_001_200);
  assert.equal(clock.jumped(), false);
});

test("a clock that somebody sets is trusted no longer, and says so once", () => {
  const { time, clock } = device();
  clock.correct(5_000_000, clock.wall());
  time.wall += 3_600_000;
  assert.equal(clock.jumped(), true);
  assert.equal(clock.corrected, false);
  assert.equal(clock.jumped(), false);
});
