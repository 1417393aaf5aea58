// A server that can be told to misbehave: it serves the page and speaks enough of the protocol to study a small deck,
// and a test can say what it answers to a command. It schedules nothing and keeps nothing; how the page works with
// the real server is tested with the real server.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLASS_API } from "./classes.js";
import { accept } from "./websocket.js";

const WEB = fileURLToPath(new URL("../../../web/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const CSP = "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:";

export const DECK_ID = "0190c0de-0000-7000-8000-00000000dec0";
export const USER_ID = "0190c0de-0000-7000-8000-0000000005e1";

/** A JWT with a signature that nobody checks. */
export function tokenFor(sub = USER_ID, exp = Math.floor(Date.now() / 1000) + 3600) {
  const part = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ sub, exp, name: "Mira" })}.c2lnbmF0dXJl`;
}

export class MockServer {
  constructor({ cards = 12, user_id = USER_ID } = {}) {
    this.user_id = user_id;
    this.cards = Array.from({ length: cards }, (_, at) => makeCard(at));
    this.sockets = [];
    /** Every command received, in order: `{socket, frame}`. */
    this.commands = [];
    this.starts = [];
    this.clock_ahead_ms = 0;
    this.in_flight = 64;
    this.heartbeat_ms = 25_000;
    /** What to do with a command: `saved`, `silent`, or an object to send as its error. */
    this.verdict = () => "saved";
    /** What to do with a hello: `welcome`, `silent`, or a close code. */
    this.greeting = () => "welcome";
    this.http_status = null;
    /** What happens to the next requests for a path, one after the other: a status, or 0 for a connection that ends. */
    this.faults = {};
    /** The trial run of an import, and what it rejects. */
    this.rejected = [];
    /** The class whose live lesson is watched over the monitor socket: a `MockLesson`, or none. */
    this.lesson = null;
    this.role = "learner";
    this.org = null;
    /** Who joins by a code. */
    this.joining = { code: null, admission: null, waiting: new Map(), guests: new Map() };
    this.features = ["live_class"];
    /** The class document that a learner's socket is welcomed with. */
    this.class_document = null;
    this.decks = [{ deck_id: DECK_ID, title: "Capitals of the world", path: "Geography::Capitals of the world", cards, may_edit: true }];
  }

  async listen(port = 0) {
    this.server = createServer((request, response) => this.http(request, response).catch(() => response.destroy()));
    this.server.on("upgrade", (request, socket) => this.upgrade(request, socket));
    await new Promise((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    for (const { wire } of [...this.sockets, ...(this.lesson?.sockets ?? [])]) wire.cut();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get live() {
    return this.sockets.filter(({ open }) => open);
  }

  upgrade(request, raw) {
    const socket = { open: true, hello: null, seq: 0, held: [], sitting: null, window: 3 };
    const is_monitor = request.url.endsWith("/monitor");
    socket.wire = accept(request, raw, {
      text: (text) => (is_monitor ? this.lesson : this).frame(socket, JSON.parse(text)),
      closed: () => (socket.open = false),
    });
    if (!is_monitor) this.sockets.push(socket);
  }

  frame(socket, frame) {
    if (frame.type === "hello") return this.hello(socket, frame);
    if (frame.type === "auth") return socket.wire.send({ type: "renewed", expires_at: Date.now() + 3_600_000 });
    if (frame.type === "start") return this.start(socket, frame);
    if (["answer", "undo", "set"].includes(frame.type)) this.command(socket, frame);
  }

  hello(socket, frame) {
    socket.hello = frame;
    const greeting = this.greeting(frame);
    if (greeting === "silent") return;
    if (typeof greeting === "number") return socket.wire.close(greeting);
    const limits = { in_flight: this.in_flight, frame_bytes: 16_384 };
    socket.wire.send({ type: "welcome", user_id: this.user_id, server_time: Date.now() + this.clock_ahead_ms, heartbeat_ms: this.heartbeat_ms, limits, features: this.features, class: this.class_document ?? undefined });
  }

  start(socket, frame) {
    this.starts.push(frame);
    Object.assign(socket, { sitting: frame.sitting, window: frame.window ?? 3, held: [], deck: this.cards.slice(), answered: 0 });
    socket.wire.send({ type: "queue", ...this.left(socket), decks: [] });
    for (let n = 0; n < socket.window; n++) this.deal(socket);
    if (socket.held.length === 0) this.done(socket);
  }

  left(socket) {
    return { new: socket.deck.length + socket.held.length, learning: 0, review: 0 };
  }

  deal(socket) {
    const card = socket.deck?.shift();
    if (!card) return;
    socket.held.push(card);
    socket.wire.send({ type: "card", ...card, left: this.left(socket) });
  }

  done(socket) {
    const { sitting, answered } = socket;
    socket.wire.send({ type: "done", sitting, answered, cards: answered, correct: answered, elapsed_ms: answered * 2_000, next_due_at: Date.now() + 86_400_000 });
  }

  command(socket, frame) {
    this.commands.push({ socket, frame });
    socket.seq = frame.seq;
    const verdict = this.verdict(frame, socket);
    if (verdict === "silent") return;
    if (verdict !== "saved") socket.wire.send({ type: "error", seq: frame.seq, id: frame.id, ...verdict });
    else this.apply(socket, frame);
    socket.wire.send({ type: "saved", seq: frame.seq });
    if (socket.sitting && socket.held.length === 0 && socket.deck.length === 0) this.done(socket);
  }

  apply(socket, frame) {
    if (frame.type === "undo") {
      const undone = this.commands.find((command) => command.frame.id === frame.of)?.frame;
      const card = this.cards.find(({ card_id }) => card_id === undone?.card_id);
      if (!card || !socket.sitting) return;
      socket.held.unshift(card);
      socket.wire.send({ type: "changed", reason: "undone", drop: [], card, left: this.left(socket) });
      return;
    }
    const at = socket.held.findIndex(({ card_id }) => card_id === frame.card_id);
    if (at < 0) return;
    socket.held.splice(at, 1);
    socket.answered += 1;
    this.deal(socket);
  }

  async http(request, response) {
    const path = new URL(request.url, "http://mock").pathname;
    if (path.startsWith("/api/v1/")) return this.api(request, response, path.slice(8));
    const name = path === "/" || path.startsWith("/j/") ? "index.html" : path.replace(/^\/web\//, "");
    const body = await readFile(join(WEB, name)).catch(() => null);
    response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(name)] ?? "text/plain", "content-security-policy": CSP, "cache-control": "no-store" });
    response.end(body);
  }

  async api(request, response, path) {
    const send = (status, body) => {
      response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    const status = this.faults[path]?.shift() ?? this.http_status;
    if (status === 0) return response.destroy();
    if (status) return send(status, { status, title: "mock", code: "mock" });
    let body = "";
    for await (const chunk of request) body += chunk;
    const found = Object.entries({ ...API, ...CLASS_API }).find(([route]) => new RegExp(`^${route}$`).test(`${request.method} ${path}`));
    if (!found) return send(404, { status: 404, title: "Not found", code: "not_found" });
    send(...found[1](this, body, path, new URL(request.url, "http://mock").searchParams));
  }
}

const API = {
  "POST media/session": () => [200, { expires_at: Date.now() + 3_600_000 }],
  "POST codes/redeem": () => [200, { token: tokenFor(), user_id: USER_ID, name: "Mira", role: "learner" }],
  "GET me": (mock) => [200, { user_id: mock.user_id, name: "Mira", role: mock.role, org: mock.org, zone: "UTC", rollover_hour: 4, today: new Date().toISOString().slice(0, 10), server_time: Date.now() + mock.clock_ahead_ms }],
  "GET decks": (mock) => [200, { items: mock.decks, next: null }],
  "POST decks": (mock, body) => {
    const deck = { deck_id: crypto.randomUUID(), may_edit: true, cards: 0, path: "", ...JSON.parse(body) };
    mock.decks.push(deck);
    return [201, deck];
  },
  "GET decks/batch": (mock, _, __, query) => [200, { items: (mock.class_only ?? []).filter(({ deck_id }) => query.get("ids").split(",").includes(deck_id)), missing: [] }],
  "GET decks/[^/]+": (mock) => [200, mock.decks.at(-1)],
  "DELETE decks/[^/]+": (mock) => [mock.decks.pop() ? 204 : 404],
  "GET decks/[^/]+/progress": (mock) => [200, { cards: mock.cards.length, mastered: 3, mean_ease: 250, mastery: 25, due: { new: 12, learning: 0, review: 4 } }],
  "GET decks/[^/]+/cards": (mock) => [200, { items: mock.cards, next: null }],
  "POST decks/[^/]+/cards": (mock, body) => [201, { card_id: crypto.randomUUID(), ...JSON.parse(body) }],
  "GET decks/[^/]+/cards/[^/]+/state": () => [200, { flag: 0, suspended: false }],
  "POST decks/(?:[^/]+/)?import": (mock, body) => [200, { deck_id: DECK_ID, added: body.split("\n").filter(Boolean).length, updated: 0, unchanged: 0, rejected: mock.rejected }],
  "GET decks/[^/]+/cards/[^/]+": (mock, _, path) => [200, mock.cards.find(({ card_id }) => path.endsWith(card_id)) ?? mock.cards[0]],
  "GET cards/search": (mock) => [200, { items: mock.cards.slice(1, 3), next: null }],
  "GET due": () => [200, { counts: { new: 12, learning: 0, review: 4 }, items: [] }],
};

const PLACES = [["France", "Paris"], ["Peru", "Lima"], ["Kenya", "Nairobi"], ["Japan", "Tokyo"], ["Norway", "Oslo"], ["Chile", "Santiago"]];

function makeCard(at) {
  const [country, capital] = PLACES[at % PLACES.length];
  return {
    card_id: `0190c0de-0000-7000-8000-${String(at).padStart(12, "0")}`,
    deck_id: DECK_ID,
    kind: "new",
    mode: "flip",
    front: `Capital of ${country}${at < PLACES.length ? "" : ` (${at})`}`,
    back: capital,
    hint: at % 2 ? "" : `It begins with ${capital[0]}.`,
    explanation: "",
    media: [],
    state: { reps: 0, interval_days: 0, ease: 250, due: null, lapses: 0, recall: null },
    if_graded: [0, 1, 2, 3, 4, 5].map((grade) => (grade < 4 ? { days: 1, again_today: true } : { days: 1 })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await new MockServer().listen(Number(process.env.PORT ?? 8099));
  console.log(`${mock.url}/?code=demo`);
}
