// Who runs a class beside its teacher: further teachers, and those who stand in by a link; and guests, who joined by a code.
// Each folded away until it is opened.

import { busily, h, setText, show } from "./dom.js";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MINUTES_MOST = 1_440;
const BEGIN_WITH_MINUTES = 60;

/** A part that is read when it is opened, and again after each change. */
class Part {
  constructor(title, ...parts) {
    this.note = h("p", { className: "quiet", role: "status" });
    this.complaint = h("p", { className: "complaint", role: "alert" });
    this.element = h("details", { className: "panel", ontoggle: () => this.element.open && this.load() }, h("summary", {}, title), this.note, ...parts, this.complaint);
  }

  async load() {
    try {
      setText(this.note, await this.read());
    } catch (error) {
      setText(this.note, error.message);
    }
  }

  /** Runs a change, and reads anew what there is. Returns what the change gave, or null when it failed. */
  async change(button, work) {
    setText(this.complaint, "");
    try {
      const made = await busily(button, work);
      await this.load();
      return made ?? true;
    } catch (error) {
      setText(this.complaint, error.message);
      return null;
    }
  }
}

export class ClassTeachers extends Part {
  /** @param {import("./class-api.js").ClassApi} api */
  constructor(api, class_id) {
    const list = h("ul", { className: "class-teachers", "aria-label": "Teachers of the class" });
    const who = h("input", { id: "teacher-who", required: true, autocomplete: "off", maxLength: 320 });
    const button = h("button", {}, "Name");
    const form = h("form", { hidden: true, onsubmit: (event) => this.name(event) }, h("label", { htmlFor: "teacher-who" }, "Another teacher: user id, e-mail or login"), h("div", { className: "row inline-form" }, who, button));
    super("Teachers", list, form);
    Object.assign(this, { api, class_id, list, who, button, form });
    this.governs = false;
  }

  /** Whose class it is and who asks: the class's own teacher and administrators say who teaches it. */
  put({ teacher_id }, me) {
    this.governs = me !== null && (me.user_id === teacher_id || ["owner", "admin"].includes(me.role));
    show(this.form, this.governs);
    if (this.element.open) this.load();
  }

  async read() {
    const { items } = await this.api.teachers(this.class_id);
    this.list.replaceChildren(...items.map((teacher) => this.row(teacher)));
    return items.length === 0 ? "Nobody teaches this class beside its teacher." : "";
  }

  row({ user_id, name }) {
    const called = name || user_id;
    const button = h("button", { type: "button", className: "plain-button", onclick: () => this.change(button, () => this.api.dismissTeacher(this.class_id, user_id)) }, "Take away", h("span", { className: "unseen" }, ` ${called}`));
    return h("li", { "data-user-id": user_id }, h("span", {}, called), this.governs ? button : null);
  }

  async name(event) {
    event.preventDefault();
    const done = await this.change(this.button, async () => this.api.nameTeacher(this.class_id, await this.find(this.who.value.trim())));
    if (done !== null) this.who.value = "";
  }

  /** The user id of whom these words name. */
  async find(words) {
    if (ID.test(words)) return words.toLowerCase();
    const found = await this.api.users(words.includes("@") ? { email: words } : { login: words });
    if (found.length === 1) return found[0].user_id;
    throw new Error(found.length > 1 ? "Several people have this; name one by the user id." : "You see nobody of this e-mail or login. Ask for the user id: it stands on the page “Classes”.");
  }
}

export class ClassSubstitutes extends Part {
  /** @param {import("./class-api.js").ClassApi} api */
  constructor(api, class_id) {
    const list = h("ul", { className: "class-substitutes", "aria-label": "Who stands in" });
    const name = h("input", { id: "substitute-name", required: true, maxLength: 200, autocomplete: "off" });
    const minutes = h("input", { id: "substitute-minutes", type: "number", min: 1, max: MINUTES_MOST, step: 1, required: true, value: BEGIN_WITH_MINUTES });
    const button = h("button", {}, "Make a link");
    const link = h("input", { id: "substitute-link", readOnly: true, onfocus: () => this.link.select() });
    const copy_button = h("button", { type: "button", onclick: () => this.copy() }, "Copy");
    const made = h("div", { className: "made-link", hidden: true }, h("label", { htmlFor: "substitute-link" }, "The link: it is shown only now"), h("div", { className: "row inline-form" }, link, copy_button));
    const field = (label, input) => h("div", {}, h("label", { htmlFor: input.id }, label), input);
    const form = h("form", { onsubmit: (event) => this.make(event) }, h("div", { className: "setting-grid" }, field("Who stands in", name), field("For so many minutes", minutes)), h("div", { className: "row" }, button));
    super("Substitutes", list, form, made);
    Object.assign(this, { api, class_id, list, name, minutes, button, link, copy_button, made });
  }

  async read() {
    const items = await this.api.substitutes(this.class_id);
    this.list.replaceChildren(...items.map((who) => this.row(who)));
    return items.length === 0 ? "Nobody stands in. A link lets its bearer watch and steer the live lesson, without an account." : "";
  }

  row({ link_id, name, until, lesson_id }) {
    const when = new Date(until).toLocaleTimeString([], { timeStyle: "short" });
    const back = h("button", { type: "button", className: "plain-button danger", onclick: () => this.takeBack(back, link_id) }, "Take back", h("span", { className: "unseen" }, ` the link of ${name}`));
    const about = lesson_id === null ? `until ${when}` : `until this lesson ends, ${when} at the latest`;
    return h("li", { "data-link-id": link_id }, h("span", {}, name), h("span", { className: "quiet" }, about), back);
  }

  async make(event) {
    event.preventDefault();
    const [name, minutes] = [this.name.value.trim(), Number(this.minutes.value)];
    const made = await this.change(this.button, () => this.api.standIn(this.class_id, { name, minutes }));
    if (made === null) return;
    this.name.value = "";
    this.made_id = made.link_id;
    setText(this.copy_button, "Copy");
    this.link.value = standInAddress(location.origin, made.link);
    show(this.made, true);
  }

  async copy() {
    this.link.select();
    // Where a page may not write to the clipboard, what is selected can be copied by hand.
    const done = await navigator.clipboard?.writeText(this.link.value).then(() => true, () => false);
    setText(this.copy_button, done ? "Copied" : "Copy what is marked");
  }

  async takeBack(button, link_id) {
    const done = await this.change(button, () => this.api.takeBack(this.class_id, link_id));
    if (done !== null && link_id === this.made_id) show(this.made, false);
  }
}

export class ClassGuests extends Part {
  /** @param {import("./class-api.js").ClassApi} api */
  constructor(api, class_id) {
    const list = h("ul", { className: "class-guests", "aria-label": "Guests of the class" });
    const made = h("p", { className: "new-pin", role: "status" });
    super("Guests", list, made);
    Object.assign(this, { api, class_id, list, made });
  }

  async read() {
    const guests = await this.api.guests(this.class_id);
    this.list.replaceChildren(...guests.map((guest) => this.row(guest)));
    return guests.length === 0 ? "Nobody has joined by a code. Guests study with the class without an account." : "Whoever lost device and PIN comes back by a new PIN. The one before and the devices hold no more.";
  }

  row({ name_id, name, joined_at, enrolled, claimed_by }) {
    const when = new Date(joined_at).toLocaleDateString([], { dateStyle: "medium" });
    const about = claimed_by !== null ? "has an account now" : enrolled ? `since ${when}` : "not in the class now";
    const renew = h("button", { type: "button", className: "plain-button", onclick: () => this.renew(renew, name_id, name) }, "Give a new PIN", h("span", { className: "unseen" }, ` to ${name}`));
    return h("li", { "data-name-id": name_id }, h("span", {}, name), h("span", { className: "quiet" }, about), claimed_by === null ? renew : null);
  }

  async renew(button, name_id, name) {
    setText(this.made, "");
    const done = await this.change(button, () => this.api.renewPin(this.class_id, name_id));
    if (done !== null) setText(this.made, `The new PIN of ${name} is ${done.pin}. It is shown only now.`);
  }
}

/** Where whoever stands in opens the lesson: the link stands behind the #, and goes to no server's log. */
export function standInAddress(origin, link) {
  return `${origin}/#stand-in=${link}`;
}

/** The class and the link of such an address, or null when it is none. */
export function standInOf(hash) {
  const link = new URLSearchParams(hash.slice(1)).get("stand-in");
  const found = link === null ? null : /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\.[0-9a-f]{32}\.[0-9a-f]{32}$/.exec(link);
  return found === null ? null : { class_id: found.slice(1, 6).join("-"), link };
}
