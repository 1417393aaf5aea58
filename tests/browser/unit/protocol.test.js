// The page against the protocol's own sources: every close code has its sentence, every example frame its place.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { onClose } from "../../../web/closecodes.js";
import { Device } from "./device.js";

const PROTOCOL = new URL("../../../protocol/", import.meta.url);

test("every close code of the protocol has a sentence of its own", () => {
  const source = readFileSync(new URL("src/close_code.rs", PROTOCOL), "utf8");
  const codes = [...source.matchAll(/^ {4}[A-Z][A-Za-z]+ = (\d{4}),$/gm)].map(([, code]) => Number(code));
  assert.ok(codes.length >= 20);
  for (const code of codes) assert.doesNotMatch(onClose(code).says, /\d/, String(code));
});

test("every example frame of the server is taken without a fault, in the middle of a sitting", () => {
  const folder = new URL("examples/", PROTOCOL);
  const names = readdirSync(folder).filter((name) => name.startsWith("server."));
  assert.ok(names.length >= 15);
  for (const name of names) {
    const device = new Device().connect().study();
    device.answer();
    device.frame(readFileSync(new URL(name, folder), "utf8"));
    device.pass(1);
    assert.equal(device.session.link.phase, "ready", name);
  }
});

test("the commands that the page sends have the fields of the protocol's examples", () => {
  const device = new Device().connect().study();
  device.input("set", { change: { flag: 2 } }).answer().input("undo");
  for (const frame of device.sent) {
    const example = JSON.parse(readFileSync(new URL(`examples/client.${frame.type}${frame.type === "set" ? ".flag" : ""}.json`, PROTOCOL), "utf8"));
    for (const [field, value] of Object.entries(frame)) assert.equal(typeof value, typeof example[field], `${frame.type}.${field}`);
  }
});
