import assert from "node:assert/strict";
import { test } from "node:test";
import { Device } from "./device.js";

test("a lost connection comes back after a wait that grows", () => {
  const device = new Device().connect();
  const waits = [];
  for (let n = 0; n < 5; n++) {
    device.close(1006);
    waits.push(device.session.link.until - device.now);
    device.pass(waits.at(-1) - 1);
    assert.equal(device.session.link.phase, "waiting");
    device.pass(1);
    assert.equal(device.session.link.phase, "connecting");
  }
  assert.deepEqual(waits, waits.slice().sort((a, b) => a - b));
  assert.ok(waits[4] > 3 * waits[0]);
});

test("a connection that stood for a while makes the next wait short again", () => {
  const device = new Device().connect();
  for (let n = 0; n < 6; n++) device.close(1006).connect();
  device.now += 11_000;
  device.close(1006);
  assert.ok(device.session.link.until - device.now < 1_000);
});

test("silence for two heartbeats ends the connection; a beat goes out when nothing else does", () => {
  const device = new Device().connect();
  device.pass(25_000);
  assert.deepEqual(device.types, ["beat"]);
  device.frame({ type: "beat" });
  device.pass(25_000).pass(25_000);
  assert.equal(device.session.link.phase, "ready");
  device.pass(1);
  assert.equal(device.session.link.phase, "waiting");
  assert.equal(device.asked("close").length, 1);
});

test("a server that takes the connection and says nothing is given up", () => {
  const device = new Device();
  device.input("connect").input("opened", { generation: 1 });
  device.pass(15_001);
  assert.equal(device.session.link.phase, "waiting");
});

test("after a goodbye the page waits for its verdicts, leaves, and comes back when told", () => {
  const device = new Device().connect().study();
  device.answer();
  device.frame({ type: "goodbye", reason: "restart", reconnect_after_ms: 7_000 });
  device.answer();
  assert.deepEqual(device.types, ["start", "answer"], "nothing new is sent");
  assert.equal(device.session.link.phase, "ready");
  device.frame({ type: "saved", seq: 1 });
  assert.equal(device.session.link.phase, "waiting");
  assert.equal(device.session.link.until - device.now, 7_000);
  assert.equal(device.session.unsaved, 1);
});

test("a goodbye that ends in a close keeps the server's time", () => {
  const device = new Device().connect().study();
  device.answer();
  device.frame({ type: "goodbye", reason: "restart", reconnect_after_ms: 7_000 }).close(4400);
  assert.equal(device.session.link.until - device.now, 7_000);
});

test("codes from 4500 on stop for good and say what to do", () => {
  for (const [code, needs] of [[4500, "token"], [4503, "token"], [4508, "reload"], [4510, "resume"]]) {
    const device = new Device().connect();
    device.close(code).pass(3_600_000);
    assert.equal(device.session.link.phase, "stopped", String(code));
    assert.equal(device.session.link.needs, needs);
    device.input("connect");
    assert.equal(device.session.link.phase, "connecting");
  }
});

test("an expired token waits for a new one; with it the page is back at once", () => {
  const device = new Device().connect();
  device.close(4401).pass(60_000);
  assert.equal(device.session.link.phase, "stopped");
  assert.equal(device.session.link.needs, "token");
  device.input("renew", { token: "t2" });
  assert.equal(device.session.link.phase, "connecting");
  device.input("opened", { generation: device.generation });
  assert.equal(device.asked("hello").at(-1).token, "t2");
});

test("a token that is about to end is renewed in place", () => {
  const device = new Device().connect();
  device.frame({ type: "error", code: "token_expiring", message: "soon" });
  assert.equal(device.session.token_expiring, true);
  device.input("renew", { token: "t2" });
  assert.deepEqual(device.sent, [{ type: "auth", token: "t2" }]);
  device.frame({ type: "renewed", expires_at: 1 });
  assert.equal(device.session.token_expiring, false);
});

test("three attempts without a welcome ask over HTTP what is wrong", () => {
  const device = new Device();
  for (let n = 0; n < 3; n++) device.input("connect").close(1006);
  assert.equal(device.asked("diagnose").length, 1);
  device.input("unauthorized");
  assert.equal(device.session.link.needs, "token");
});

test("events of an older socket change nothing", () => {
  const device = new Device().connect();
  const old = device.generation;
  device.close(1006).connect();
  device.input("closed", { generation: old, code: 4500 });
  device.input("frame", { generation: old, data: '{"type":"goodbye"}' });
  device.input("loaded", { generation: old, entries: [], renamed: new Map() });
  assert.equal(device.session.link.phase, "ready");
  assert.equal(device.session.link.goodbye, null);
});

test("what is no frame ends the connection, and the page comes back", () => {
  const device = new Device().connect();
  device.frame("[1, 2");
  assert.equal(device.session.link.phase, "waiting");
  assert.ok(device.session.link.until - device.now >= 5_000);
});

test("a clock that jumped brings a new welcome before anything else is sent", () => {
  const device = new Device().connect();
  const before = device.generation;
  device.input("jumped");
  assert.equal(device.generation, before + 1);
  assert.equal(device.session.link.phase, "connecting");
});
