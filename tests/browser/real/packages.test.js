// A package of Anki on the page: tried, brought in, its pictures seen, and taken back.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { Server, ask } from "../kit/server.js";

const PACKAGE = fileURLToPath(new URL("../../../anki/tests/fixtures/latest.apkg", import.meta.url));

let browser, server, profile;

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  server = await Server.start();
  profile = await browser.profile();
});
afterEach(async () => {
  try {
    await profile.close();
  } finally {
    await server.stop();
  }
});

test("a package is tried first, then brought in with its pictures, and taken back as a whole", async () => {
  const page = await profile.open((await server.signIn("learner")).href);
  await page.waitForSelector(".deck");
  const before = (await ask(page, "decks")).items.length;
  await page.goto(`${server.url}/#/import`);
  await page.setInputFiles("#file", PACKAGE);
  await page.waitForSelector('.job[data-phase="tried"]');
  assert.equal((await ask(page, "decks")).items.length, before);
  assert.ok((await page.textContent(".job-report table")).includes("Due there"));
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.waitForSelector('.job[data-phase="done"]');
  const decks = (await ask(page, "decks")).items;
  assert.ok(decks.length > before);
  // Pictures of the samples come by the cookie: none of them is broken.
  await page.getByText("How cards look here").click();
  await until("the pictures are there", () =>
    page.evaluate(() => {
      const pictures = [...document.querySelectorAll('.sample-card img[src^="/media/"]')];
      return pictures.length > 0 && pictures.every((picture) => picture.complete && picture.naturalWidth > 0);
    }),
  );
  await page.getByRole("button", { name: "Take it back" }).click();
  await page.waitForSelector('.job[data-phase="revoked"]');
  assert.equal((await ask(page, "decks")).items.length, before);
});
