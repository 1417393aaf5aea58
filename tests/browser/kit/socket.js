// The client's half of a WebSocket, as little as a simulated learner needs: text frames, close, pings answered.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";

/** Opens a socket. `handlers`: `{open(), text(string), closed()}`. Returns `{send(object), close()}`. */
export function openSocket(address, handlers) {
  const url = new URL(address);
  const raw = connect(Number(url.port), url.hostname);
  let rest = Buffer.alloc(0);
  let is_open = false;
  const write = (opcode, payload) => raw.writable && raw.write(wrap(opcode, payload));
  raw.setNoDelay(true);
  raw.on("connect", () =>
    raw.write(
      `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Protocol: studyhall.v1\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    ),
  );
  raw.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!is_open) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!rest.toString("latin1", 0, end).includes(" 101 ")) return raw.destroy(new Error("the handshake was refused"));
      [is_open, rest] = [true, rest.subarray(end + 4)];
      handlers.open();
    }
    for (let frame = take(rest); frame; frame = take(rest)) {
      rest = rest.subarray(frame.length);
      if (frame.opcode === 1) handlers.text(frame.payload.toString("utf8"));
      if (frame.opcode === 8) raw.end(wrap(8, frame.payload));
      if (frame.opcode === 9) write(10, frame.payload);
    }
  });
  raw.on("error", () => {});
  raw.on("close", () => handlers.closed());
  return { send: (object) => write(1, Buffer.from(JSON.stringify(object))), close: () => write(8, Buffer.from([3, 232])) };
}

/** The first whole frame of what came, or null. Servers do not mask. */
function take(bytes) {
  if (bytes.length < 2) return null;
  let [size, at] = [bytes[1] & 0x7f, 2];
  if (size === 126 && bytes.length >= 4) [size, at] = [bytes.readUInt16BE(2), 4];
  else if (size === 127 && bytes.length >= 10) [size, at] = [Number(bytes.readBigUInt64BE(2)), 10];
  else if (size >= 126) return null;
  if (bytes.length < at + size) return null;
  return { opcode: bytes[0] & 0x0f, payload: bytes.subarray(at, at + size), length: at + size };
}

function wrap(opcode, payload) {
  const size = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff];
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, at) => byte ^ mask[at % 4]));
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size]), mask, masked]);
}
