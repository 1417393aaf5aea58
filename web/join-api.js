// What the HTTP API says of joining a lesson by its code: for those who join, and for who lets them in.

import { Api } from "./api.js";

export class JoinApi {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * Joins under a name: `{class_id, state, token, pin?}`. While one waits, the token is good for `standing` alone. `pin` is told once, to who is here for the first time; who is
   * known by name and not by this device gives it. `key`, random, is the same when it is sent again because no answer came.
   */
  join(code, name, pin, key) {
    const json = pin === null ? { code, name } : { code, name, pin };
    return this.api.request("POST", "/join", { json, key, anonymous: true });
  }

  /** What a guest did becomes the caller's own, for good: `{guest_id, entries}`. */
  claim(class_id, name, pin) {
    return this.api.request("POST", "/me/claim", { json: { class_id, name, pin } });
  }

  /** How it stands with somebody who waits: `{state, token?}`, `admitted` with a token, `waiting` or `none`. */
  standing({ class_id, token }) {
    return new Api(() => token).request("GET", `/join/${class_id}`);
  }

  /** The code of the lesson that is on: `{code, admission}`; `code` is null while there is none. */
  code(class_id) {
    return this.api.request("GET", `/classes/${class_id}/lesson/code`);
  }

  /** Gives the lesson a code, or changes who comes in by it: `open`, `lobby` or `locked`. */
  openBy(class_id, admission) {
    return this.api.request("PUT", `/classes/${class_id}/lesson/code`, { json: { admission } });
  }

  withdrawCode(class_id) {
    return this.api.request("DELETE", `/classes/${class_id}/lesson/code`);
  }

  async lobby(class_id) {
    return (await this.api.request("GET", `/classes/${class_id}/lobby`)).items;
  }

  admit(class_id, user_id) {
    return this.api.request("PUT", `/classes/${class_id}/lobby/${user_id}`);
  }

  refuse(class_id, user_id) {
    return this.api.request("DELETE", `/classes/${class_id}/lobby/${user_id}`);
  }
}
