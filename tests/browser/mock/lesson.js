// A pretended live lesson: it speaks the monitor's frames and obeys a teacher's commands, and a test says what students do.
// It grades nothing and keeps nothing.

export const CLASS_ID = "0190c0de-0000-7000-8000-0000000c1a55";

const WORDS = ["Ada", "Blaise", "Carla", "Dmitri", "Émile", "Fatima", "Grace", "Hedy", "Ida", "Johannes"];
const ROWS_A_FRAME = 200;

export const studentId = (at) => `0190c0de-0000-7000-8000-0000005${String(at).padStart(5, "0")}`;

export function row(at, more = {}) {
  const name = `${WORDS[at % WORDS.length]}${at < WORDS.length ? "" : ` ${Math.floor(at / WORDS.length)}`}`;
  return {
    student_id: studentId(at),
    name,
    presence: "here",
    deck_id: null,
    answered: 0,
    correct: 0,
    streak: 0,
    mean_ms: 4_000,
    last_seen: Date.now(),
    struggling: null,
    sure_and_wrong: 0,
    recall: 0.5,
    as_of: Date.now(),
    ...more,
  };
}

export class MockLesson {
  constructor({ students = 3, lesson = null } = {}) {
    this.document = { class_id: CLASS_ID, version: 1, lesson, state: lesson === null ? "closed" : "open", assigned: [], hide_names: false };
    this.students = new Map(Array.from({ length: students }, (_, at) => [studentId(at), row(at)]));
    this.cards = new Map();
    /** The last hour, as a snapshot has it. */
    this.minutes = [];
    this.wrong = [];
    this.ask = null;
    this.version = 1;
    this.unsaved = 0;
    this.sockets = [];
    /** Every command in order: `{socket, frame}`. */
    this.commands = [];
    /** What to do with a command: `saved`, `silent`, or an error to send. */
    this.verdict = () => "saved";
    this.greeting = () => "welcome";
    /** Rows of a frame: fewer make parts. */
    this.rows_a_frame = ROWS_A_FRAME;
  }

  get live() {
    return this.sockets.filter(({ open, welcomed }) => open && welcomed);
  }

  frame(socket, frame) {
    if (frame.type === "hello") return this.hello(socket, frame);
    if (frame.type === "auth") return socket.wire.send({ type: "renewed", expires_at: Date.now() + 3_600_000 });
    if (frame.type === "beat") return;
    this.commands.push({ socket, frame });
    const verdict = this.verdict(frame, socket);
    if (verdict === "silent") return;
    if (verdict !== "saved") socket.wire.send({ type: "error", seq: frame.seq, id: frame.id, ...verdict });
    else this.obey(frame);
    socket.wire.send({ type: "saved", seq: frame.seq });
  }

  hello(socket, frame) {
    socket.hello = frame;
    this.sockets.push(socket);
    const greeting = this.greeting(frame);
    if (typeof greeting === "number") return socket.wire.close(greeting);
    socket.welcomed = true;
    socket.wire.send({ type: "welcome", user_id: "0190c0de-0000-7000-8000-0000000005e1", server_time: Date.now(), heartbeat_ms: 25_000, limits: { in_flight: 64, frame_bytes: 16_384 }, features: ["live_class"] });
    for (const part of this.snapshot()) socket.wire.send(part);
  }

  /** All of it, in as many frames as it takes. */
  snapshot() {
    const rows = { class: this.document, students: [...this.students.values()], cards: [...this.cards.values()], minutes: this.minutes, wrong: this.wrong, ask: this.ask ?? undefined };
    return this.parts({ type: "snapshot", version: this.version }, rows);
  }

  parts(head, rows) {
    const shown = (student) => (this.document.hide_names ? { ...student, name: undefined } : student);
    const students = (rows.students ?? []).map(shown);
    const frames = [];
    do {
      const part = students.splice(0, this.rows_a_frame);
      const first = frames.length === 0 ? { ...rows, students: part } : { students: part };
      frames.push({ ...head, more: students.length > 0 || undefined, ...first, totals: this.totals(), unsaved: this.unsaved });
    } while (students.length > 0);
    return frames;
  }

  /** A new version with these rows, to every screen. */
  step(rows = {}) {
    const from = this.version;
    this.version += 1;
    for (const student of rows.students ?? []) this.students.set(student.student_id, student);
    for (const student_id of rows.removed ?? []) this.students.delete(student_id);
    for (const card of rows.cards ?? []) this.cards.set(card.card_id, card);
    if (rows.wrong) this.wrong = rows.wrong;
    if (rows.ask) this.ask = rows.ask;
    const frames = this.parts({ type: "delta", from, to: this.version }, rows);
    for (const { wire } of this.live) for (const frame of frames) wire.send(frame);
  }

  /** A student's row is another one now. */
  change(at, more) {
    const student = { ...this.students.get(studentId(at)), ...more };
    this.step({ students: [student] });
  }

  totals() {
    const sum = (field) => [...this.students.values()].reduce((all, student) => all + student[field], 0);
    const here = [...this.students.values()].filter(({ presence }) => presence === "here").length;
    const answered = sum("answered");
    return { students: this.students.size, here, answered, correct: sum("correct"), sure_and_wrong: sum("sure_and_wrong"), elapsed_ms: answered * 4_000, grades: [0, 0, 0, 0, answered, 0] };
  }

  put(change) {
    this.document = { ...this.document, version: this.document.version + 1, ...change };
    this.step({ class: this.document });
  }

  obey(frame) {
    const known = { open: () => this.put({ lesson: frame.lesson, state: "open" }), pause: () => this.put({ state: "paused" }), resume: () => this.put({ state: "open" }) };
    Object.assign(known, {
      close: () => this.put({ state: "closed", ask: undefined, assigned: [] }),
      message: () => this.put({ message: frame.message ?? undefined }),
      assign: () => this.put({ assigned: [...this.document.assigned, frame.deck_id] }),
      withdraw: () => this.put({ assigned: this.document.assigned.filter((deck_id) => deck_id !== frame.deck_id) }),
      ask: () => this.putAsk(frame),
      warm_up: () => this.put({ assigned: [...this.document.assigned, frame.deck_id] }),
      close_ask: () => this.put({ ask: { ...this.document.ask, closes_at: Date.now() - 1 } }),
      end_ask: () => this.put({ ask: undefined }),
      extra_time: () => this.step({ students: [{ ...this.students.get(frame.student_id), extra_percent: frame.percent }] }),
      remove: () => this.step({ removed: [frame.student_id] }),
      hide_names: () => {
        this.put({ hide_names: frame.hidden });
        this.step({ students: [...this.students.values()] });
      },
    });
    known[frame.type]?.();
  }

  putAsk({ ask_id, deck_id, card_id, closes_at, second }) {
    const empty = { votes: 0, correct: 0, bars: [] };
    const rounds = second ? [...this.ask.rounds, empty] : [empty];
    this.put({ ask: { ask_id, deck_id, card_id, closes_at } });
    this.step({ ask: { ask_id, rounds } });
  }

  /** The newest vote stands like this now. */
  vote(round) {
    this.step({ ask: { ...this.ask, rounds: [...this.ask.rounds.slice(0, -1), round] } });
  }
}
