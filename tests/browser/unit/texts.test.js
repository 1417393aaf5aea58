import assert from "node:assert/strict";
import { test } from "node:test";
import { htmlOf, plainOf, tagsOf } from "../../../web/texts.js";

test("a text that is typed comes back as it was typed", () => {
  for (const text of ["a < b & c > d", "&lt; is written &amp;lt;", "two\nlines", "he said \"no\"", "1\u00a0000 €", "x"]) {
    assert.equal(plainOf(htmlOf(text)), text);
  }
  assert.equal(htmlOf("  a\r\nb\rc "), "a<br>b<br>c");
});

test("a text with markup is no plain text", () => {
  for (const html of ["<b>a</b>", "a<img src=\"x\">", "<p>a</p>"]) assert.equal(plainOf(html), null);
  assert.equal(plainOf("a&nbsp;&quot;b&quot;<br>c"), "a\u00a0\"b\"\nc");
});

test("tags lie between spaces and commas", () => {
  assert.deepEqual(tagsOf(" europe, geo  rivers,"), ["europe", "geo", "rivers"]);
  assert.deepEqual(tagsOf("  "), []);
});
