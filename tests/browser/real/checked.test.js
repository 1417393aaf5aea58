// A learner types and chooses at the real server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launch, until } from "../kit/chromium.js";
import { allSaved, dropFile, question } from "../kit/learner.js";
import { Server, history } from "../kit/server.js";

const TOWNS = "front,back,accept\nCapital of Slovenia,Ljubljana,Laibach\nCapital of Latvia,Riga,\nCapital of Croatia,Zagreb,\nCapital of Austria,Vienna,Wien\nCapital of Norway,Oslo,\n";

const browser = await launch();
after(() => browser.close());

/** A learner with these cards, who studies them in this mode. */
async function studying(mode, work) {
  const server = await Server.start();
  const profile = await browser.profile();
  try {
    const page = await profile.open((await server.signIn("learner")).href);
    await page.waitForSelector(".deck");
    await dropFile(page, "towns.csv", TOWNS);
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByText("The import is done").waitFor();
    await page.goto(`${new URL(page.url()).origin}/`);
    await page.getByLabel("Study towns", { exact: true }).click();
    await question(page);
    await page.getByLabel("How cards are asked").selectOption(mode);
    await page.waitForSelector(mode === "type" ? ".typed:not([hidden])" : ".choices:not([hidden])");
    await work(page);
  } finally {
    try {
      await profile.close();
    } finally {
      await server.stop();
    }
  }
}

const asked = (page) => page.textContent("#card-front");
const verdict = async (page) => {
  await page.waitForSelector(".trial[data-result]:not([data-result='']) .result:not([hidden])");
  return page.textContent(".verdict");
};

test("typed answers are checked: right, nearly right and asked once more, wrong with the answer", () =>
  studying("type", async (page) => {
    assert.equal(await asked(page), "Capital of Slovenia");
    assert.equal(await page.locator("#card-back").isVisible(), false);
    await page.keyboard.type("laibach");
    await page.keyboard.press("Enter");
    assert.equal(await verdict(page), "Right.");
    assert.equal(await page.textContent("#card-back"), "Ljubljana");
    await page.keyboard.press("Enter");
    await until("the next card is asked", async () => (await asked(page)) === "Capital of Latvia");
    await page.keyboard.type("Rome");
    await page.keyboard.press("Enter");
    assert.match(await verdict(page), /Not right\. You answered “Rome”\./);
    assert.equal(await page.textContent("#card-back"), "Riga");
    await page.keyboard.press("Enter");
    await until("the third is asked", async () => (await asked(page)) === "Capital of Croatia");
    await page.keyboard.type("Zagrb");
    await page.keyboard.press("Enter");
    await page.getByText("Almost: a letter or two are off.").waitFor();
    assert.equal(await page.locator("#card-back").isVisible(), false, "the answer stays hidden");
    await page.fill("input[name=response]", "Zagreb");
    await page.keyboard.press("Enter");
    assert.equal(await verdict(page), "Right, at the second go.");
    await allSaved(page);
    const entries = (await history(page)).filter(({ mode }) => mode === "type");
    assert.deepEqual(entries.map(({ grade }) => grade).sort(), [1, 3, 4]);
  }));

test("choices are taken by key or by touch, and the right one is among them", () =>
  studying("choose", async (page) => {
    const choices = await page.locator(".choice").allTextContents();
    assert.equal(choices.filter((text) => text.endsWith("Ljubljana")).length, 1);
    await page.keyboard.press(String(choices.findIndex((text) => text.endsWith("Ljubljana")) + 1));
    assert.equal(await verdict(page), "Right.");
    await page.keyboard.press("Enter");
    await until("the next card is asked", async () => (await asked(page)) === "Capital of Latvia");
    await page.locator(".choice", { hasNotText: "Riga" }).first().click();
    assert.match(await verdict(page), /^Not right\./);
    await allSaved(page);
  }));
