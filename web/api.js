// The HTTP API. Every failure is an `ApiError` with a sentence to show.

const BASE = "/api/v1";
/**
 * What is only read, and what is made once however often it is asked for, is waited for so long; then the server is taken for
 * one that cannot be reached. Of any other request nobody would know whether it was done.
 */
export const ANSWER_LIMIT_MS = 30_000;

export class ApiError extends Error {
  /** `status` 0: the server could not be reached. `problem`: the problem document, if the server sent one. */
  constructor(status, problem) {
    super(problem?.detail || problem?.title || sentenceOf(status));
    this.status = status;
    this.code = problem?.code ?? null;
    this.problem = problem ?? {};
  }

  /** Whether the same request may well be answered a moment later. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  /** @param {() => string|null} token the token as it is now */
  constructor(token) {
    this.token = token;
  }

  redeem(code) {
    return this.request("POST", "/codes/redeem", { json: { code }, anonymous: true });
  }

  me() {
    return this.request("GET", "/me");
  }

  /** The classes that the person runs. */
  async ownClasses() {
    const classes = [];
    let cursor = null;
    do {
      const page = await this.request("GET", `/classes?${query({ limit: 100, cursor })}`);
      classes.push(...page.items.filter(({ may_edit }) => may_edit));
      cursor = page.next ?? null;
    } while (cursor !== null && classes.length < 2_000);
    return classes;
  }

  /** All decks that the learner sees, page by page. */
  async decks() {
    const decks = [];
    let cursor = null;
    do {
      const page = await this.request("GET", `/decks?${query({ limit: 100, sort: "path", cursor })}`);
      decks.push(...page.items);
      cursor = page.next ?? null;
    } while (cursor !== null && decks.length < 5_000);
    return decks;
  }

  deck(deck_id) {
    return this.request("GET", `/decks/${deck_id}`);
  }

  changeMe(change) {
    return this.request("PATCH", "/me", { json: change });
  }

  changeDeck(deck_id, change) {
    return this.request("PATCH", `/decks/${deck_id}`, { json: change });
  }

  makeDeck(deck, key = null) {
    return this.request("POST", "/decks", { json: deck, key });
  }

  deleteDeck(deck_id) {
    return this.request("DELETE", `/decks/${deck_id}`);
  }

  progress(deck_id) {
    return this.request("GET", `/decks/${deck_id}/progress`);
  }

  cards(deck_id, { cursor = null, q = null, limit = 50 } = {}) {
    return this.request("GET", `/decks/${deck_id}/cards?${query({ limit, cursor, q })}`);
  }

  addCard(deck_id, card, key = null) {
    return this.request("POST", `/decks/${deck_id}/cards`, { json: card, key });
  }

  /** A card as it is stored: `{card, etag}`. */
  async card(deck_id, card_id) {
    const response = await this.fetch("GET", `/decks/${deck_id}/cards/${card_id}`);
    return { card: await bodyOf(response), etag: response.headers.get("ETag") };
  }

  /** Changes a card, unless somebody else changed it since it was read (412). */
  changeCard(deck_id, card_id, change, etag) {
    return this.request("PATCH", `/decks/${deck_id}/cards/${card_id}`, { json: change, etag });
  }

  deleteCard(deck_id, card_id) {
    return this.request("DELETE", `/decks/${deck_id}/cards/${card_id}`);
  }

  due(deck_id = null) {
    return this.request("GET", `/due?${query({ deck_id, limit: 1 })}`);
  }

  /** The learner's state of a card: reps, interval, flag and the like. */
  cardState(deck_id, card_id) {
    return this.request("GET", `/decks/${deck_id}/cards/${card_id}/state`);
  }

  /** Imports a file, or only says what an import would do. Without a deck the file becomes a new one of this title. */
  importFile(deck_id, body, { type, dry_run, title = null, key = null }) {
    const path = deck_id === null ? "/decks/import" : `/decks/${deck_id}/import`;
    return this.request("POST", `${path}?${query({ title, dry_run: dry_run ? "true" : null })}`, { body, type, key });
  }

  /** The rows of a file that make no card, as a CSV file. */
  rejectedRows(body, { type }) {
    return this.request("POST", "/imports/rejected", { body, type, accept: "text/csv" });
  }

  /** A cookie by which this page's pictures are let through. */
  mediaSession() {
    return this.request("POST", "/media/session");
  }

  /**
   * Uploads a file that becomes an import of its own, and returns it as it is then. `options`: what its format takes, and
   * `format` itself where it is not to be found out. `onProgress(fraction)` is told how much has been sent.
   */
  uploadJob(file, { dry_run, options = {}, onProgress = () => {} }) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${BASE}/imports?${query({ filename: file.name, dry_run: dry_run ? "true" : null, ...options })}`);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("Authorization", `Bearer ${this.token()}`);
      request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
      request.onerror = () => reject(new ApiError(0, null));
      request.onload = () => {
        const body = parsed(request.responseText);
        if (request.status >= 200 && request.status < 300) resolve(body);
        else reject(new ApiError(request.status, body));
      };
      request.send(file);
    });
  }

  job(job_id) {
    return this.request("GET", `/imports/${job_id}`);
  }

  /** Makes an import that was only tried a real one. `confirm_gone`: of a roster, so many people may be gone. */
  commitJob(job_id, { confirm_gone = null } = {}) {
    return this.request("POST", `/imports/${job_id}/commit?${query({ confirm_gone })}`);
  }

  /** Takes an import back as a whole; `force`: also the cards that were studied since. */
  withdrawJob(job_id, force) {
    return this.request("DELETE", `/imports/${job_id}?${query({ force: force ? "true" : null })}`);
  }

  /** The rows of an import that did not come in, as a CSV file. */
  jobRejected(job_id) {
    return this.request("GET", `/imports/${job_id}/rejected?format=csv`, { accept: "text/csv" });
  }

  async request(method, path, options) {
    const response = await this.fetch(method, path, options);
    return options?.accept === "text/csv" ? bytesOf(response) : bodyOf(response);
  }

  /** A file. It takes as long as it takes. */
  async file(path, accept) {
    return bytesOf(await this.fetch("GET", path, { accept, isFile: true }));
  }

  /** `key`: a request that is sent again with it makes nothing twice. `etag`: what the change is made to. */
  async fetch(method, path, { json, body, type, key, etag, accept = "application/json", isFile = accept !== "application/json" || body !== undefined, anonymous = false } = {}) {
    const headers = { Accept: accept };
    if (key) headers["Idempotency-Key"] = key;
    if (etag) headers["If-Match"] = etag;
    const token = this.token();
    if (token && !anonymous) headers.Authorization = `Bearer ${token}`;
    if (json !== undefined) headers["Content-Type"] = "application/json";
    else if (type) headers["Content-Type"] = type;
    let response;
    try {
      response = await fetch(BASE + path, {
        method,
        headers,
        body: json === undefined ? body : JSON.stringify(json),
        cache: "no-store",
        // Older browsers know no limits.
        signal: !isFile && (method === "GET" || key) ? (AbortSignal.timeout?.(ANSWER_LIMIT_MS) ?? null) : null,
      });
    } catch {
      throw new ApiError(0, null);
    }
    if (!response.ok) throw new ApiError(response.status, await bodyOf(response));
    return response;
  }
}

/** What an answer holds; half of one, and what is no JSON, is none. Of a refusal it is only said why. */
async function bodyOf(response) {
  const text = await response.text().catch(() => null);
  const body = parsed(text ?? "");
  if (response.ok && text !== "" && body === null) throw new ApiError(0, null);
  return body;
}

/** As bytes: read as text it would lose the mark by which a spreadsheet knows that it is UTF-8. */
async function bytesOf(response) {
  try {
    return await response.blob();
  } catch {
    throw new ApiError(0, null);
  }
}

function parsed(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function query(fields) {
  const set = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(set).toString();
}

function sentenceOf(status) {
  if (status === 0) return "The server cannot be reached.";
  if (status === 401) return "The server does not accept this sign-in.";
  if (status === 404) return "This does not exist, or you may not see it.";
  if (status === 413) return "This is larger than the server takes.";
  if (status === 429) return "Too many requests at once. Wait a moment.";
  return `The server answered with an error (${status}).`;
}
