import assert from "node:assert/strict";
import { test } from "node:test";
import { standInAddress, standInOf } from "../../../web/class-people.js";

const CLASS_ID = "0190c0de-0000-7000-8000-0000000c1a55";
const LINK = `${CLASS_ID.replaceAll("-", "")}.${"ab".repeat(16)}.${"0f".repeat(16)}`;

test("the address of a link says which class it opens, and nothing else is taken for one", () => {
  const address = new URL(standInAddress("https://school.example", LINK));
  assert.equal(address.pathname + address.search, "/", "no server is told of the link");
  assert.deepEqual(standInOf(address.hash), { class_id: CLASS_ID, link: LINK });
  const others = ["", "#/classes", "#token=a.b.c", "#stand-in=", `#stand-in=${LINK.slice(1)}`, `#stand-in=${LINK}.${"0f".repeat(16)}`, "#stand-in=a.b.c"];
  for (const hash of others) assert.equal(standInOf(hash), null, hash);
});
