// The code by which people join a lesson, large enough for the last row, and the lobby: who waits to be let in.

import { busily, h, setText, show } from "./dom.js";
import { counted } from "./format.js";
import { KeyedList } from "./live-cards.js";

/** While somebody may come, so often the lobby is looked at. */
const LOOK_EVERY_MS = 3_000;

const ADMISSIONS = [
  ["lobby", "waits to be let in"],
  ["open", "comes in at once"],
  ["locked", "stays out: locked"],
];

export class LiveLobby {
  /**
   * @param {import("./join-api.js").JoinApi} join
   * @param {string} class_id
   */
  constructor(join, class_id) {
    Object.assign(this, { join, class_id });
    this.code = null;
    this.lesson = null;
    this.people = [];
    this.make_button = h("button", { type: "button", onclick: () => this.change(this.make_button, () => this.join.openBy(class_id, "lobby")) }, "Let people join by a code");
    this.code_shown = h("p", { className: "join-code" });
    this.address = h("p", { className: "join-address" });
    this.admission = h("select", { id: "admission", onchange: () => this.change(this.admission, () => this.join.openBy(class_id, this.admission.value)) }, ADMISSIONS.map(([value, text]) => h("option", { value }, text)));
    this.end_button = h("button", { type: "button", onclick: () => this.change(this.end_button, () => this.join.withdrawCode(class_id)) }, "Take the code back");
    this.all_button = h("button", { type: "button", onclick: () => this.admitAll() }, "Let all in");
    this.waiting_words = h("p", { role: "status" });
    this.waiting = h("ul", { className: "lobby", "aria-label": "Waiting to be let in" });
    this.list = new KeyedList(this.waiting, ({ user_id }) => user_id, (person) => this.row(person));
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.code_part = h("div", { hidden: true }, this.code_shown, this.address, h("div", { className: "row inline-form" }, h("label", { htmlFor: "admission" }, "Who has the code"), this.admission, this.all_button, this.end_button), this.waiting_words, this.waiting);
    this.element = h("section", { className: "panel live-lobby", "aria-label": "Joining", hidden: true }, this.make_button, this.code_part, this.complaint);
  }

  /** Another lesson has another code; a lesson that is over has none. */
  update(document) {
    const lesson = document !== null && document.state !== "closed" ? document.lesson : null;
    if (lesson === this.lesson) return;
    this.lesson = lesson;
    show(this.element, lesson !== null);
    if (lesson !== null) this.look();
    else clearTimeout(this.timer);
  }

  end() {
    this.gone = true;
    clearTimeout(this.timer);
  }

  /** Asks for the code and who waits, and again after a while as long as there is a code. */
  async look() {
    clearTimeout(this.timer);
    try {
      this.put(await this.join.code(this.class_id));
      if (this.code.code !== null) this.putWaiting(await this.join.lobby(this.class_id));
    } catch (error) {
      setText(this.complaint, error.message);
    }
    clearTimeout(this.timer);
    if (this.code?.code && !this.gone && this.lesson !== null) this.timer = setTimeout(() => this.look(), LOOK_EVERY_MS);
  }

  put(code) {
    this.code = code;
    const is_open = code.code !== null;
    show(this.make_button, !is_open);
    show(this.code_part, is_open);
    if (!is_open) return;
    setText(this.code_shown, code.code);
    setText(this.address, `${location.host}${code.url ?? `/j/${code.code}`}`);
    if (document.activeElement !== this.admission) this.admission.value = code.admission;
  }

  putWaiting(people) {
    this.people = people;
    this.list.put(people);
    show(this.all_button, people.length > 1);
    setText(this.waiting_words, people.length === 0 ? "Nobody is waiting." : `${counted(people.length, "person", "people")} waiting.`);
  }

  row({ user_id, name }) {
    const admit = h("button", { type: "button", className: "primary", "aria-label": `Let ${name} in`, onclick: () => this.change(admit, () => this.join.admit(this.class_id, user_id)) }, "Let in");
    const refuse = h("button", { type: "button", "aria-label": `Turn ${name} away`, onclick: () => this.change(refuse, () => this.join.refuse(this.class_id, user_id)) }, "Turn away");
    return { element: h("li", { "data-user-id": user_id }, h("span", {}, name), h("span", { className: "card-tools" }, admit, refuse)), put: () => {} };
  }

  admitAll() {
    const people = this.people.slice();
    return this.change(this.all_button, async () => {
      for (const { user_id } of people) await this.join.admit(this.class_id, user_id);
    });
  }

  async change(button, work) {
    setText(this.complaint, "");
    try {
      await busily(button, work);
    } catch (error) {
      setText(this.complaint, error.message);
    }
    await this.look();
  }
}
