// The shell around the session machine: one WebSocket, the outbox, the clock, the other tabs, timers.
// Everything that decides is in session.js; here its effects are carried out.

import { Clock } from "./clock.js";
import { randomBytes, uuid4 } from "./ids.js";
import { Outbox } from "./outbox.js";
import { Session } from "./session.js";
import { recover, spill } from "./spill.js";
import { openStore } from "./store-idb.js";
import { MemoryStore } from "./store-memory.js";
import { Tabs } from "./tabs.js";

const SUB_PROTOCOL = "studyhall.v1";
const TICK_MS = 500;
const ADOPT_EVERY_MS = 3_000;
const STORE_OPEN_LIMIT_MS = 5_000;
/** A page's run is remembered so long after its last command. */
const RUNS_KEPT_MS = 30 * 86_400_000;

const NOTHING = { mine: [], elsewhere: new Map(), refused: [], others: 0 };

export class StudyClient {
  /**
   * @param {{user_id: string, token: string, instance: string, api: import("./api.js").Api,
   *   onChange: () => void, onNotice: (notice: {kind: string, text: string}) => void}} parts
   */
  constructor({ user_id, token, instance, api, onChange, onNotice }) {
    this.user_id = user_id;
    this.instance = instance;
    this.api = api;
    this.onChange = onChange;
    this.onNotice = onNotice;
    this.session = new Session({ token, random: Math.random });
    /** What lies on the device, as last seen. */
    this.survey = NOTHING;
    /** Names this run of the page towards the outbox; drafts that the outbox has not confirmed yet, by key. */
    this.run_id = uuid4(randomBytes(16));
    this.storing = new Map();
    this.socket = null;
    this.last_saved = null;
    this.tabs = new Tabs(instance, {
      canSend: () => this.session.link.isReady,
      onOutbox: () => this.pickUp(),
      onGone: () => this.adopt(),
    });
  }

  /** Opens the outbox, then the connection. */
  async begin() {
    const store = await within(STORE_OPEN_LIMIT_MS, openStore()).catch(() => new MemoryStore());
    this.outbox = new Outbox({ store, instance: this.instance, randomBytes });
    const kept = await this.outbox.recall(this.user_id);
    this.clock = new Clock({ offset_ms: kept.offset_ms });
    this.last_saved = kept.last_saved;
    await recover(this.outbox);
    await this.outbox.forgetRuns(this.clock.now() - RUNS_KEPT_MS);
    await this.look();
    this.input({ type: "adopted", entries: this.survey.mine });
    this.input({ type: "connect" });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.adopter = setInterval(() => this.adopt(), ADOPT_EVERY_MS);
  }

  /** Ends everything; entries without a verdict stay on the device. */
  end() {
    clearInterval(this.ticker);
    clearInterval(this.adopter);
    this.closeSocket();
    this.tabs.goes();
    this.tabs.close();
    this.onChange = () => {};
    this.onNotice = () => {};
  }

  /** Hands an input to the machine and carries out what it asks for. */
  input(input) {
    if (this.clock?.jumped()) this.run(this.session.handle(performance.now(), { type: "jumped" }));
    this.run(this.session.handle(performance.now(), input));
    this.onChange();
  }

  /** Commands that are not known to be durable, this learner's, in all tabs of the device. */
  get unsaved() {
    const elsewhere = [...this.survey.elsewhere.values()].reduce((sum, count) => sum + count, 0);
    return this.session.unsaved + elsewhere;
  }

  get keepsEntries() {
    return this.outbox?.isPersistent ?? true;
  }

  async dismiss(id) {
    await this.outbox.dismiss(id);
    await this.look();
    this.tabs.outboxChanged();
  }

  tick() {
    this.input({ type: "tick" });
  }

  run(effects) {
    for (const effect of effects) this[EFFECTS[effect.do]](effect);
  }

  openSocket({ generation }) {
    const url = new URL("/ws/v1/study", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, SUB_PROTOCOL);
    socket.onopen = () => this.input({ type: "opened", generation });
    socket.onmessage = (event) => this.input({ type: "frame", generation, data: event.data });
    socket.onclose = (event) => this.input({ type: "closed", generation, code: event.code });
    this.socket = socket;
  }

  /** Lets go of the socket at once: a dead connection would keep its close event back for long. */
  closeSocket() {
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  sendHello({ token }) {
    this.hello_at = this.clock.wall();
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const hello = { type: "hello", token, instance: this.instance, client_time: this.clock.now() };
    if (this.last_saved) hello.last_saved = this.last_saved;
    if (timeZone) hello.zone = timeZone;
    this.sendFrame({ frame: hello });
  }

  sendFrame({ frame }) {
    this.socket?.send(JSON.stringify(frame));
  }

  /** Tells a balancer where the learner is: a hint for the next connection, and nothing else. */
  goToward({ node }) {
    document.cookie = `studyhall_node=${node}; path=/; max-age=43200; samesite=lax`;
  }

  correctClock({ server_time }) {
    this.clock.correct(server_time, this.hello_at);
  }

  /** Asks for the time over HTTP: the server's day changed, so perhaps its clock did. */
  async syncClock() {
    const asked_at = this.clock.wall();
    const me = await this.api.me().catch(() => null);
    if (typeof me?.server_time === "number") this.clock.correct(me.server_time, asked_at);
  }

  async loadOutbox({ user_id, generation }) {
    const { entries, renamed } = await this.outbox.load(user_id, this.clock.offset_ms);
    this.input({ type: "loaded", generation, entries, renamed });
    this.look();
    this.adopt();
  }

  async storeCommand({ key, of_key, command, about }) {
    const draft = {
      run: this.run_id,
      key,
      of_key,
      command,
      about,
      user_id: this.user_id,
      at_ms: this.clock.now(),
      offset_ms: this.clock.offset_ms,
      frozen: this.clock.corrected,
      strict: !this.session.link.isReady,
    };
    this.storing.set(key, draft);
    const row = await this.outbox.put(draft);
    this.storing.delete(key);
    const entry = row.instance === this.instance ? row : null;
    this.input({ type: "stored", key, id: row.id, entry });
    this.tabs.outboxChanged();
  }

  /** The page goes: what the outbox has not confirmed is left for the next one. */
  hide() {
    const drafts = [...this.storing.values()].map((draft) => ({ ...draft, command: this.outbox.resolve(draft) }));
    spill(this.run_id, drafts);
    this.tabs.goes();
  }

  async settleIds({ ids }) {
    this.last_saved = await this.outbox.settle(this.user_id, ids);
    this.tabs.outboxChanged();
  }

  async refuseEntry({ id, code, message }) {
    await this.outbox.refuse(id, { code, message: message || `The server says: ${code}` });
    await this.look();
    this.tabs.outboxChanged();
  }

  /** What is asked once more is no refusal that anybody has to see. */
  async forgetEntry({ id }) {
    await this.outbox.refuse(id, { code: "near", message: "" });
    await this.dismiss(id);
    this.tabs.outboxChanged();
  }

  /** The connection fails again and again: is it the network, or the sign-in? */
  async diagnose() {
    const fault = await this.api.me().then(() => null, (error) => error);
    if (fault?.status === 401) this.input({ type: "unauthorized" });
  }

  notice({ kind, text }) {
    this.onNotice({ kind, text });
  }

  /** Looks what lies on the device, and shows it. */
  async look() {
    this.survey = await this.outbox.survey(this.user_id);
    this.onChange();
  }

  /** Another tab changed the outbox; it may have put an undo there for an entry that this tab has to send. */
  async pickUp() {
    await this.look();
    const { commands, link } = this.session;
    const left_here = this.survey.mine.filter(
      ({ id, command, frozen }) => command.type === "undo" && frozen && !commands.waiting.has(id),
    );
    if (link.isReady && left_here.length > 0) this.input({ type: "adopted", entries: left_here });
  }

  /** Sends on for tabs that are gone. */
  async adopt() {
    if (this.adopting || !this.session.link.isReady) return;
    this.adopting = true;
    try {
      await this.look();
      const silent = await this.silentTabs();
      if (silent.length === 0 || !this.session.link.isReady) return;
      const entries = await this.outbox.adopt(this.user_id, silent, this.clock.offset_ms);
      this.input({ type: "adopted", entries });
      await this.look();
      this.tabs.outboxChanged();
    } finally {
      this.adopting = false;
    }
  }

  async silentTabs() {
    const instances = [...this.survey.elsewhere.keys()];
    const alive = await Promise.all(instances.map((instance) => this.tabs.isAlive(instance)));
    return instances.filter((_, at) => !alive[at]);
  }
}

const EFFECTS = {
  open: "openSocket",
  close: "closeSocket",
  hello: "sendHello",
  send: "sendFrame",
  go_toward: "goToward",
  correct_clock: "correctClock",
  sync_clock: "syncClock",
  load: "loadOutbox",
  store: "storeCommand",
  settle: "settleIds",
  refuse: "refuseEntry",
  forget: "forgetEntry",
  diagnose: "diagnose",
  notice: "notice",
};

function within(limit_ms, promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("too slow")), limit_ms));
  return Promise.race([promise, late]);
}
