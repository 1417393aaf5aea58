// The real binary, as `demo`, on a data folder of its own.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "./chromium.js";

/** By which tests make tokens of their own. */
const SECRET = "a secret of the browser tests, long enough for a key";

export class Server {
  /** @param {string[]} flags further flags of the command line */
  static async start(flags = []) {
    const server = new Server();
    server.flags = flags;
    server.folder = await mkdtemp(join(tmpdir(), "studyhall-browser-"));
    await server.run("127.0.0.1:0");
    return server;
  }

  /** Starts the binary on the same folder, at the same port when it ran before. */
  async run(listen = `127.0.0.1:${new URL(this.url).port}`) {
    const ready_file = join(this.folder, "ready.json");
    await rm(ready_file, { force: true });
    this.said = "";
    this.exited = false;
    const data = join(this.folder, "data");
    const command = ["demo", "--data-dir", data, "--listen", listen, "--ready-file", ready_file, ...this.flags];
    this.child = spawn(process.env.STUDYHALL_BIN, command, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, STUDYHALL_AUTH_SECRET: SECRET } });
    this.child.stdout.on("data", (chunk) => (this.said += chunk));
    this.child.stderr.on("data", (chunk) => (this.logged = (this.logged ?? "") + chunk));
    this.child.on("exit", () => (this.exited = true));
    const ready = await until("the server is ready", async () => {
      if (this.exited) throw new Error(`the server ended: ${this.said}${this.logged ?? ""}`);
      return readFile(ready_file, "utf8").then(JSON.parse, () => null);
    });
    this.url = ready.url.replace(/\/$/, "");
  }

  /** The clickable address that signs `role` in, once. */
  async signIn(role) {
    const line = await until(`the address for the ${role} is printed`, () =>
      this.said.split("\n").find((text) => text.includes(role) && text.includes("?code=")),
    );
    const address = new URL(/https?:\/\/\S+/.exec(line)[0]);
    return address;
  }

  /** The address that signs somebody in with a token of this role in this organisation. */
  async signInAs(role, user_id, org, name = `Some ${role}`) {
    const command = ["token", "--data-dir", join(this.folder, "data"), "--user", user_id, "--role", role, "--org", org, "--name", name];
    const { stdout } = await promisify(execFile)(process.env.STUDYHALL_BIN, command, { env: { ...process.env, STUDYHALL_AUTH_SECRET: SECRET } });
    return `${this.url}/#token=${stdout.trim()}`;
  }

  kill() {
    this.child.kill("SIGKILL");
    return until("the server is dead", () => this.exited);
  }

  /** Sets the server's wall clock; only with the flag `--dev-clock`. */
  async setClock(now) {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`${this.url}/dev/clock`, { method: "POST", headers, body: JSON.stringify({ now }) });
    if (!response.ok) throw new Error(`the clock was not set: ${response.status}`);
  }

  freeze() {
    this.child.kill("SIGSTOP");
  }

  thaw() {
    this.child.kill("SIGCONT");
  }

  async stop() {
    this.thaw();
    if (!this.exited) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Asks the HTTP API as the learner of a page. */
export async function ask(page, path) {
  return page.evaluate(async (api_path) => {
    const tokens = JSON.parse(localStorage.getItem("studyhall.tokens"));
    const token = tokens[sessionStorage.getItem("studyhall.here")];
    const response = await fetch(`/api/v1/${api_path}`, { headers: { Authorization: `Bearer ${token}` } });
    return response.json();
  }, path);
}

/** All entries of the learner's log, oldest first. */
export async function history(page) {
  const items = [];
  let cursor = "";
  do {
    const slice = await ask(page, `history?limit=100${cursor}`);
    items.push(...slice.items);
    cursor = slice.next ? `&cursor=${encodeURIComponent(slice.next)}` : "";
  } while (cursor !== "");
  return items;
}

/** Has the HTTP API do something, as whoever is signed in on a page. */
export async function tell(page, method, path, body = undefined) {
  return page.evaluate(
    async ([verb, api_path, json]) => {
      const tokens = JSON.parse(localStorage.getItem("studyhall.tokens"));
      const headers = { Authorization: `Bearer ${tokens[sessionStorage.getItem("studyhall.here")]}`, "Content-Type": "application/json" };
      const response = await fetch(`/api/v1/${api_path}`, { method: verb, headers, body: json });
      if (!response.ok) throw new Error(`${verb} ${api_path}: ${response.status} ${await response.text()}`);
      return response.status === 204 ? null : response.json();
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)],
  );
}
