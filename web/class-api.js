// What the HTTP API says of classes, and of their lessons: for those who run them.

/** So many decks one request names. */
const DECKS_AT_ONCE = 100;

export class ClassApi {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /** The classes that the person runs. */
  own() {
    return this.api.ownClasses();
  }

  one(class_id) {
    return this.api.request("GET", `/classes/${class_id}`);
  }

  make(title, key) {
    return this.api.request("POST", "/classes", { json: { title }, key });
  }

  /** The students of a class, page by page: `{user_id, name, …}`. */
  async students(class_id) {
    return this.all((cursor) => `/classes/${class_id}/students?${query({ limit: 100, cursor })}`, 10_000);
  }

  give(class_id, deck_id) {
    return this.api.request("PUT", `/classes/${class_id}/decks/${deck_id}`);
  }

  take(class_id, deck_id) {
    return this.api.request("DELETE", `/classes/${class_id}/decks/${deck_id}`);
  }

  /** Cards of a deck with all words of `q`, or its first ones when there are none. */
  async cards(deck_id, q, limit = 20) {
    const words = q.trim();
    const path = words === "" ? `/decks/${deck_id}/cards?${query({ limit })}` : `/cards/search?${query({ q: words, deck_id, limit })}`;
    return (await this.api.request("GET", path)).items;
  }

  /** Lessons that are over, the newest first: a page, and where the next begins. */
  lessons(class_id, cursor = null) {
    return this.api.request("GET", `/classes/${class_id}/lessons?${query({ limit: 20, cursor })}`);
  }

  report(class_id, lesson) {
    return this.api.request("GET", `/classes/${class_id}/lessons/${lesson}`);
  }

  /** The report of a lesson as a file. */
  reportFile(class_id, lesson, format) {
    return this.api.file(`/classes/${class_id}/lessons/${lesson}?${query({ format })}`, format === "csv" ? "text/csv" : "application/json");
  }

  async homework(class_id) {
    return (await this.api.request("GET", `/classes/${class_id}/homework`)).items;
  }

  /** How each student stands with homework: `{of_cards, students}`. */
  homeworkStanding(class_id, homework_id) {
    return this.api.request("GET", `/classes/${class_id}/homework/${homework_id}`);
  }

  /** `homework`: `{deck_id, due, rule, cards?, to?}`. */
  setHomework(class_id, homework) {
    return this.api.request("POST", `/classes/${class_id}/homework`, { json: homework });
  }

  removeHomework(class_id, homework_id) {
    return this.api.request("DELETE", `/classes/${class_id}/homework/${homework_id}`);
  }

  /** Whose class it is and who teaches it, too: `{teacher_id, items}`. */
  teachers(class_id) {
    return this.api.request("GET", `/classes/${class_id}/teachers`);
  }

  nameTeacher(class_id, user_id) {
    return this.api.request("PUT", `/classes/${class_id}/teachers/${user_id}`);
  }

  dismissTeacher(class_id, user_id) {
    return this.api.request("DELETE", `/classes/${class_id}/teachers/${user_id}`);
  }

  /** Whom the register names by this `email` or `login`, as far as one sees them. */
  async users(key) {
    return (await this.api.request("GET", `/users?${query({ ...key, limit: 2 })}`)).items;
  }

  /** Who stands in now. */
  async substitutes(class_id) {
    return (await this.api.request("GET", `/classes/${class_id}/substitutes`)).items;
  }

  /** A link for somebody who stands in, told this once: `{link_id, link, …}`. */
  standIn(class_id, { name, minutes }) {
    return this.api.request("POST", `/classes/${class_id}/substitutes`, { json: { name, minutes } });
  }

  takeBack(class_id, link_id) {
    return this.api.request("DELETE", `/classes/${class_id}/substitutes/${link_id}`);
  }

  /** Learners without an account who joined by a code, page by page: `{name_id, user_id, name, enrolled, claimed_by, …}`. */
  async guests(class_id) {
    return this.all((cursor) => `/classes/${class_id}/guests?${query({ limit: 100, cursor })}`, 10_000);
  }

  /** Gives a guest another PIN, told this once: `{pin}`. */
  renewPin(class_id, name_id) {
    return this.api.request("POST", `/classes/${class_id}/guests/${name_id}/pin`);
  }

  /** These decks as far as one sees them, those of a class that one teaches included. */
  async decks(deck_ids) {
    const found = [];
    for (let at = 0; at < deck_ids.length; at += DECKS_AT_ONCE) {
      const ids = deck_ids.slice(at, at + DECKS_AT_ONCE).join(",");
      found.push(...(await this.api.request("GET", `/decks/batch?${query({ ids })}`)).items);
    }
    return found;
  }

  /** What is set to oneself. */
  async ownHomework() {
    return (await this.api.request("GET", "/me/homework")).items;
  }

  async all(pathOf, most) {
    const items = [];
    let cursor = null;
    do {
      const page = await this.api.request("GET", pathOf(cursor));
      items.push(...page.items);
      cursor = page.next ?? null;
    } while (cursor !== null && items.length < most);
    return items;
  }
}

function query(fields) {
  const set = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(set).toString();
}
