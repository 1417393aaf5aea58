// What a teacher does with the page, in a teacher's words.

import { CLASS_ID, MockLesson } from "../mock/lesson.js";

/** The teacher's page of a live lesson at a pretended server, with everything of its first picture there. */
export async function watch(profile, mock, options = {}) {
  mock.role = "teacher";
  mock.lesson ??= new MockLesson(options);
  const page = await profile.open(`${mock.url}/?code=x`);
  await page.waitForSelector(".deck");
  await page.evaluate((class_id) => (location.hash = `#/class/${class_id}/live`), CLASS_ID);
  await page.waitForSelector('.live-mark[data-live="yes"]');
  return page;
}

/** What stands on the tile of a student. */
export const tile = (page, student_id) => page.locator(`.tile[data-student-id="${student_id}"]`);
export const names = (page) => page.$$eval(".tile-name", (all) => all.map(({ textContent }) => textContent));

/** Presses a button of the lesson's head. */
export const press = (page, name) => page.locator(".live-head").getByRole("button", { name, exact: true }).click();
