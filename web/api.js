// The HTTP API. Every failure is an `ApiError` with a sentence to show.

const BASE = "/api/v1";

export class ApiError extends Error {
  /** `status` 0: the server could not be reached. `problem`: the problem document, if the server sent one. */
  constructor(status, problem) {
    super(problem?.detail || problem?.title || sentenceOf(status));
    this.status = status;
    this.code = problem?.code ?? null;
    this.problem = problem ?? {};
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

  makeDeck(deck) {
    return this.request("POST", "/decks", { json: deck });
  }

  deleteDeck(deck_id, { keepalive = false } = {}) {
    return this.request("DELETE", `/decks/${deck_id}`, { keepalive });
  }

  progress(deck_id) {
    return this.request("GET", `/decks/${deck_id}/progress`);
  }

  cards(deck_id, { cursor = null, q = null, limit = 50 } = {}) {
    return this.request("GET", `/decks/${deck_id}/cards?${query({ limit, cursor, q })}`);
  }

  addCard(deck_id, card) {
    return this.request("POST", `/decks/${deck_id}/cards`, { json: card });
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

  /** Imports a file, or only says what an import would do. */
  importFile(deck_id, body, { type, dry_run }) {
    const path = `/decks/${deck_id}/import?${query({ dry_run: dry_run ? "true" : null })}`;
    return this.request("POST", path, { body, type });
  }

  async request(method, path, { json, body, type, anonymous = false, keepalive = false } = {}) {
    const headers = { Accept: "application/json" };
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
        keepalive,
      });
    } catch {
      throw new ApiError(0, null);
    }
    const answer = await bodyOf(response);
    if (!response.ok) throw new ApiError(response.status, answer);
    return answer;
  }
}

async function bodyOf(response) {
  const text = await response.text().catch(() => "");
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
