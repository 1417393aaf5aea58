// What the pretended server says over HTTP of classes and their lessons.

import { CLASS_ID } from "./lesson.js";

const DECK_ID = "0190c0de-0000-7000-8000-00000000dec0";

const classOf = (mock) => ({
  class_id: CLASS_ID,
  title: mock.class_title ?? "Geography 7b",
  teacher_id: mock.teacher_id ?? mock.user_id,
  decks: mock.class_decks ?? [DECK_ID],
  students: [...(mock.lesson?.students.keys() ?? [])],
  may_edit: true,
  created_at: 1,
});

/** By method and path, as the routes of the server's own table. */
export const CLASS_API = {
  "GET classes": (mock) => [200, { items: mock.lesson ? [classOf(mock)] : [], next: null }],
  "POST classes": (mock, body) => {
    mock.class_title = JSON.parse(body).title;
    mock.class_decks = [];
    return [201, classOf(mock)];
  },
  "GET classes/[^/]+": (mock) => [200, classOf(mock)],
  "GET classes/[^/]+/students": (mock) => [200, { items: [...(mock.lesson?.students.values() ?? [])].map(({ student_id, name }) => ({ user_id: student_id, name, role: "learner" })), next: null }],
  "PUT classes/[^/]+/decks/[^/]+": (mock, _, path) => {
    mock.class_decks = [...classOf(mock).decks, path.split("/").at(-1)];
    return [204];
  },
  "DELETE classes/[^/]+/decks/[^/]+": (mock, _, path) => {
    mock.class_decks = classOf(mock).decks.filter((deck_id) => deck_id !== path.split("/").at(-1));
    return [204];
  },
  "GET classes/[^/]+/lessons": (mock) => [200, { items: mock.lessons ?? [], next: null }],
  "GET classes/[^/]+/lessons/[^/]+": (mock) => [200, mock.report ?? {}],
};

/** Who runs the class beside its teacher: the mock's `teachers` and `substitutes`. */
const LINK_ID = "0190c0de-0000-7000-8000-0000000051b5";
export const LINK = `${CLASS_ID.replaceAll("-", "")}.${LINK_ID.replaceAll("-", "")}.${"5ec4e7".padEnd(32, "0")}`;
Object.assign(CLASS_API, {
  "GET classes/[^/]+/teachers": (mock) => [200, { teacher_id: mock.teacher_id ?? mock.user_id, items: mock.teachers ?? [] }],
  "PUT classes/[^/]+/teachers/[^/]+": (mock, _, path) => {
    const user_id = path.split("/").at(-1);
    if (mock.refuses === user_id) return [422, { status: 422, title: "mock", code: "invalid", detail: "Another teacher of a class is another person with an account that may teach, of its organisation." }];
    mock.teachers = [...(mock.teachers ?? []), { user_id, name: "Grace" }];
    return [204];
  },
  "DELETE classes/[^/]+/teachers/[^/]+": (mock, _, path) => {
    mock.teachers = mock.teachers.filter(({ user_id }) => !path.endsWith(user_id));
    return [204];
  },
  "GET users": (mock, _, __, query) => [200, { items: (mock.people ?? []).filter(({ email, login }) => email === query.get("email") || login === query.get("login")), next: null }],
  "GET classes/[^/]+/substitutes": (mock) => [200, { items: mock.substitutes ?? [] }],
  "POST classes/[^/]+/substitutes": (mock, body) => {
    const { name, minutes } = JSON.parse(body);
    const who = { link_id: LINK_ID, name, lesson_id: null, until: Date.now() + minutes * 60_000 };
    mock.substitutes = [who];
    return [201, { ...who, link: LINK }];
  },
  "DELETE classes/[^/]+/substitutes/[^/]+": (mock) => {
    mock.substitutes = [];
    return [204];
  },
  "GET classes/[^/]+/guests": (mock) => [200, { items: mock.guests ?? [], next: null }],
  "POST classes/[^/]+/guests/[^/]+/pin": (mock, _, path) => {
    (mock.renewed ??= []).push(path.split("/").at(-2));
    return [200, { pin: "0042" }];
  },
  "POST me/claim": (mock, body) => {
    (mock.claims ??= []).push(JSON.parse(body));
    const is_right = mock.claims.at(-1).pin === "0042";
    return is_right ? [200, { guest_id: CLASS_ID, entries: 3 }] : [403, { status: 403, title: "mock", code: "forbidden", reason: "wrong_pin", detail: "The name and the PIN do not belong together." }];
  },
});

/** Joining by a code: the mock's `joining` is `{code, admission, waiting: Map, guests: Map}`. */
Object.assign(CLASS_API, {
  "GET classes/[^/]+/lesson/code": (mock) => [200, codeOf(mock)],
  "PUT classes/[^/]+/lesson/code": (mock, body) => {
    mock.joining.code ??= "ACDE34";
    mock.joining.admission = JSON.parse(body).admission;
    return [200, codeOf(mock)];
  },
  "DELETE classes/[^/]+/lesson/code": (mock) => {
    mock.joining.code = null;
    return [204];
  },
  "GET classes/[^/]+/lobby": (mock) => [200, { items: [...mock.joining.waiting].map(([user_id, name]) => ({ user_id, name, since: 1 })) }],
  "PUT classes/[^/]+/lobby/[^/]+": (mock, _, path) => {
    mock.joining.waiting.delete(path.split("/").at(-1));
    return [204];
  },
  "DELETE classes/[^/]+/lobby/[^/]+": (mock, _, path) => {
    mock.joining.waiting.delete(path.split("/").at(-1));
    mock.joining.guests.clear();
    return [204];
  },
  "GET join/[^/]+": (mock) => {
    if (mock.joining.waiting.size > 0) return [200, { state: "waiting" }];
    if (mock.joining.guests.size === 0) return [200, { state: "none" }];
    return [200, { state: "admitted", token: tokenOf(mock.user_id), expires_at: Date.now() + 3_600_000 }];
  },
  "GET classes/[^/]+/homework": (mock) => [200, { items: mock.homework ?? [] }],
  "POST classes/[^/]+/homework": (mock, body) => {
    const homework = { homework_id: crypto.randomUUID(), class_id: CLASS_ID, cards: [], to: [], from: "2026-01-01", created_at: 1, ...JSON.parse(body) };
    mock.homework = [homework, ...(mock.homework ?? [])];
    return [201, homework];
  },
  "GET classes/[^/]+/homework/[^/]+": (mock, _, path) => {
    const homework = mock.homework.find(({ homework_id }) => path.endsWith(homework_id));
    const status = ["done", "late", "not_started"];
    return [200, { ...homework, of_cards: 12, students: [...mock.lesson.students.values()].map(({ student_id, name }, at) => ({ user_id: student_id, name, status: status[at % 3], days: 3 - (at % 3), cards: at })) }];
  },
  "DELETE classes/[^/]+/homework/[^/]+": (mock, _, path) => {
    mock.homework = mock.homework.filter(({ homework_id }) => !path.endsWith(homework_id));
    return [204];
  },
  "GET me/homework": (mock) => [200, { items: mock.own_homework ?? [] }],
  "POST join": (mock, body) => joined(mock, JSON.parse(body)),
});

const codeOf = ({ joining: { code, admission } }) => (code ? { code, url: `/j/${code}`, lesson_id: "l", admission } : { code: null, url: null, lesson_id: null, admission: null });

function joined(mock, { code, name, pin }) {
  const { joining } = mock;
  const refuse = (status, more) => [status, { status, title: "mock", ...more }];
  if (code !== joining.code) return refuse(401, { code: "code_used", detail: "No lesson has this code now; ask the teacher for the code." });
  if (joining.admission === "locked") return refuse(403, { code: "forbidden", reason: "locked", detail: "The class is closed to newcomers; ask the teacher." });
  const known = joining.guests.get(name);
  if (known && pin === undefined) return refuse(409, { code: "conflict", reason: "name_taken", detail: "Somebody of this class has this name; give your PIN, or choose another name." });
  if (known && pin !== known) return refuse(403, { code: "forbidden", reason: "wrong_pin", detail: "The name and the PIN do not belong together." });
  joining.guests.set(name, "0042");
  if (joining.admission === "lobby" && !known) joining.waiting.set(mock.user_id, name);
  const state = joining.admission === "lobby" && !known ? "waiting" : "admitted";
  // What one waits with signs nobody in.
  const token = state === "waiting" ? "waits" : tokenOf(mock.user_id);
  return [200, { class_id: CLASS_ID, lesson_id: "l", user_id: mock.user_id, name, state, token, expires_at: Date.now() + 3_600_000, ...(known ? {} : { pin: "0042" }) }];
}

/** A JWT with a signature that nobody checks. */
function tokenOf(sub) {
  const part = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + 3600, name: "Mira" })}.c2lnbmF0dXJl`;
}
