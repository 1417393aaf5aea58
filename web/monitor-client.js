// The shell around the monitor machine: one WebSocket, ids of commands, a timer. Everything that decides is in monitor.js.

import { Monitor } from "./monitor.js";
import { nextId, randomBytes, uuid4 } from "./ids.js";

const SUB_PROTOCOL = "studyhall.v1";
const TICK_MS = 500;

export class MonitorClient {
  /**
   * @param {{class_id: string, token: () => string|null, clock: import("./clock.js").Clock, api: import("./api.js").Api,
   *   onChange: () => void, onSettled: (effect: {id: string, type: string, refusal: null|object}) => void}} parts
   *   `onChange` is called at each input, `onSettled` when a command has its verdict
   */
  constructor({ class_id, token, clock, api, onChange, onSettled }) {
    Object.assign(this, { class_id, token, clock, api, onChange, onSettled });
    this.monitor = new Monitor({ token: token(), random: Math.random });
    this.instance = uuid4(randomBytes(16));
    this.socket = null;
    this.last_id = null;
  }

  begin() {
    this.input({ type: "connect" });
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** Leaves the lesson to itself: a command without a verdict is not sent any more. */
  end() {
    clearInterval(this.ticker);
    this.onChange = this.onSettled = () => {};
    this.closeSocket();
  }

  input(input) {
    for (const effect of this.monitor.handle(performance.now(), input)) this[EFFECTS[effect.do]](effect);
    this.onChange();
  }

  tick() {
    const token = this.token();
    if (token !== null && token !== this.monitor.token) this.input({ type: "renew", token });
    this.input({ type: "tick" });
  }

  /** Gives a command, and returns the id under which it is carried out once. */
  command(command) {
    this.last_id = nextId(this.clock.now(), this.last_id, randomBytes(10));
    const id = this.last_id;
    this.input({ type: "command", id, command });
    return id;
  }

  /** A fresh UUIDv7: of a lesson, of a question. */
  freshId() {
    return nextId(this.clock.now(), null, randomBytes(10));
  }

  openSocket({ generation }) {
    const url = new URL(`/ws/v1/classes/${this.class_id}/monitor`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, SUB_PROTOCOL);
    socket.onopen = () => this.input({ type: "opened", generation });
    socket.onmessage = (event) => this.input({ type: "frame", generation, data: event.data });
    socket.onclose = (event) => this.input({ type: "closed", generation, code: event.code });
    this.socket = socket;
  }

  closeSocket() {
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  sendHello({ token }) {
    this.hello_at = this.clock.wall();
    this.sendFrame({ frame: { type: "hello", token, instance: this.instance, client_time: this.clock.now() } });
  }

  sendFrame({ frame }) {
    this.socket?.send(JSON.stringify(frame));
  }

  correctClock({ server_time }) {
    this.clock.correct(server_time, this.hello_at);
  }

  /** The connection fails again and again: is it the network, or the sign-in? */
  async diagnose() {
    const fault = await this.api.me().then(() => null, (error) => error);
    if (fault?.status === 401) this.input({ type: "unauthorized" });
  }

  settled(effect) {
    this.onSettled(effect);
  }
}

const EFFECTS = {
  open: "openSocket",
  close: "closeSocket",
  hello: "sendHello",
  send: "sendFrame",
  correct_clock: "correctClock",
  diagnose: "diagnose",
  settled: "settled",
};
