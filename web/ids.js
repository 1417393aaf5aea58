// Ids of commands: UUIDv7 whose 48-bit time is the moment of the answer, rising strictly on one device.
// Pure: time, the last id and random bytes come in. `crypto.randomUUID` does not exist on plain http.

/** A last id that lies further ahead than this is no floor: the server would refuse everything above it. */
export const MAX_AHEAD_MS = 10_000;

const COUNTER_BITS = 73n; // 11 free bits of rand_a (the top one stays clear as headroom) and 62 of rand_b
const COUNTER_MAX = (1n << 74n) - 1n;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID in lower case. */
export function isUuid(text) {
  return typeof text === "string" && UUID.test(text);
}

/** The milliseconds since 1970 that a UUIDv7 carries. */
export function timeOf(id) {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * The next id of this device: its time is `ms`, and it is above `last`.
 * When `last` has the same or a slightly later time, it is counted on from; its time then moves with it.
 * @param {number} ms moment of the answer, by the corrected clock
 * @param {string|null} last the newest id of this device
 * @param {Uint8Array} random 10 fresh random bytes
 */
export function nextId(ms, last, random) {
  const floor = last && isUuid(last) ? timeOf(last) : -1;
  if (floor < ms || floor - ms > MAX_AHEAD_MS) return compose(ms, fresh(random));
  const counter = counterOf(last) + 1n + (fresh(random) & 0xffff_ffffn);
  return counter <= COUNTER_MAX ? compose(floor, counter) : compose(floor + 1, fresh(random));
}

/** A random UUIDv4 from 16 random bytes: names a running tab. */
export function uuid4(random) {
  const bytes = Uint8Array.from(random);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return dashed([...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
}

/** Random bytes of the browser. */
export function randomBytes(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** The key of a request that makes something: the same as long as the same is asked for, so that it is made once. */
export class AskedOnce {
  keyOf(content) {
    const text = JSON.stringify(content);
    if (this.asked?.text !== text) this.asked = { text, key: uuid4(randomBytes(16)) };
    return this.asked.key;
  }

  /** It is there: the same once more is another one. */
  done() {
    this.asked = null;
  }
}

function fresh(random) {
  let value = 0n;
  for (const byte of random) value = (value << 8n) | BigInt(byte);
  return value & ((1n << COUNTER_BITS) - 1n);
}

function counterOf(id) {
  const value = BigInt("0x" + id.replaceAll("-", ""));
  const a = (value >> 64n) & 0xfffn;
  const b = value & ((1n << 62n) - 1n);
  return (a << 62n) | b;
}

function compose(ms, counter) {
  const a = (counter >> 62n) & 0xfffn;
  const b = counter & ((1n << 62n) - 1n);
  const value = (BigInt(ms) << 80n) | (0x7n << 76n) | (a << 64n) | (0b10n << 62n) | b;
  return dashed(value.toString(16).padStart(32, "0"));
}

function dashed(hex) {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
