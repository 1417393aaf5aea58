// A real Chromium, and pages that are watched: an unexpected word on the console fails the test.

import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { afterEach } from "node:test";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  // A name that is not this machine's own: on plain http it is no secure context, as for a school's server.
  "--host-resolver-rules=MAP studyhall.test 127.0.0.1",
];

export const DEADLINE_MS = 30_000;

/** The pages that are open. */
const pages = new Set();

// Before they are closed: what stood on them when a test failed.
afterEach(async (test) => {
  if (test.passed !== false) return;
  for (const page of pages) {
    const text = await Promise.race([page.innerText("body").catch(String), new Promise((end) => setTimeout(end, 2_000, "it does not answer"))]);
    console.error(`      ${page.url()} shows: ${text.replace(/\s+/g, " ").slice(0, 1_000)}`);
  }
});

export async function launch() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium", headless: true, args: ARGUMENTS });
  return {
    close: () => browser.close(),
    /** A browser profile of its own. `more`: options of the context, such as `{hasTouch: true}`. */
    profile: async (more = {}) => new Profile(await browser.newContext({ viewport: { width: 1000, height: 720 }, ...more })),
  };
}

/** What the browser itself says while a server is away; allowed only where a test takes it away. */
const ABOUT_CONNECTIONS = /WebSocket connection to|net::ERR_|WebSocket is closed before/;

export class Profile {
  constructor(context) {
    this.context = context;
    this.complaints = [];
    this.allowed = [];
  }

  /** From now on the browser may complain that the server is away. */
  expectConnectionTrouble() {
    this.allowed.push(ABOUT_CONNECTIONS);
  }

  /** From now on the browser may log answers with this status. */
  expectStatus(status) {
    this.allowed.push(new RegExp(`status of ${status}`));
  }

  async open(url) {
    const page = await this.context.newPage();
    await this.watch(page);
    await page.goto(url);
    return page;
  }

  /** Another tab with a copy of this one's session storage, as "duplicate tab" makes it. */
  async copyOf(page) {
    const [copy] = await Promise.all([this.context.waitForEvent("page"), page.evaluate(() => void open(location.href))]);
    await this.watch(copy);
    return copy;
  }

  async watch(page) {
    pages.add(page);
    page.on("close", () => pages.delete(page));
    page.setDefaultTimeout(DEADLINE_MS);
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && this.complaints.push(message.text()));
    page.on("pageerror", (error) => this.complaints.push(error.stack ?? String(error)));
    page.on("dialog", (dialog) => dialog.accept());
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
  }

  /** Closes the profile, and fails when something was said that nobody expected. */
  async close() {
    await this.context.close();
    const unexpected = this.complaints.filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, []);
  }
}

/** Polls until `check()` is truthy, and returns what it gave; fails with `what` at the deadline. */
export async function until(what, check, deadline_ms = DEADLINE_MS) {
  const end = Date.now() + deadline_ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until a clock says what is left until `closes_at`, to the second, and says so again when less is left. */
export async function clockRuns(clock, closes_at) {
  const left = () => {
    const seconds = Math.ceil((closes_at - Date.now()) / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  const seen = new Set();
  await until("the clock says what is left", async () => {
    const text = await clock.textContent();
    if (text === left()) seen.add(text);
    return seen.size > 1;
  });
}
