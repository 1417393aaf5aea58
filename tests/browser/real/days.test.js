// A new study day begins while the page is open.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, answerByKey, question } from "../kit/learner.js";
import { Server, ask, history } from "../kit/server.js";

const DAY_MS = 86_400_000;
const browser = await launch();
after(() => browser.close());

test("a page left open over night begins the new day by itself, and its answers count for it", async () => {
  const server = await Server.start(["--dev-clock"]);
  const profile = await browser.profile();
  try {
    const page = await profile.open((await server.signIn("learner")).href);
    await page.waitForSelector(".deck");
    await page.getByRole("link", { name: "Study all" }).click();
    const learned = [await answerByKey(page, 5), await answerByKey(page, 4)];
    await question(page);
    await allSaved(page);
    const { server_time } = await ask(page, "me");
    const asks_the_time = page.waitForResponse((response) => response.url().endsWith("/api/v1/me"));
    await server.setClock(server_time + DAY_MS);
    await page.getByText("A new study day has begun.").waitFor();
    await asks_the_time;
    await until("yesterday's cards are due", async () => (await page.textContent("[data-count=review]")) === "2");
    while (learned.length > 0) {
      const card_id = await answerByKey(page, 4);
      if (learned.includes(card_id)) learned.splice(learned.indexOf(card_id), 1);
    }
    await allSaved(page);
    const days = [...new Set((await history(page)).map(({ day }) => day))];
    assert.equal(days.length, 2);
  } finally {
    try {
      await profile.close();
    } finally {
      await server.stop();
    }
  }
});
