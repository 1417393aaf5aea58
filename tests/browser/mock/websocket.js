// The server's half of a WebSocket, as little as the mock needs: text frames, close, ping answered.

import { createHash } from "node:crypto";

const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Accepts an upgrade. `handlers`: `{text(string), closed()}`. Returns `{send, close, cut}`. */
export function accept(request, socket, handlers) {
  const key = createHash("sha1").update(request.headers["sec-websocket-key"] + MAGIC).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: studyhall.v1\r\n\r\n`,
  );
  let rest = Buffer.alloc(0);
  let closing = false;
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = take(rest); frame; frame = take(rest)) {
      rest = rest.subarray(frame.length);
      if (frame.opcode === 1) handlers.text(frame.payload.toString("utf8"));
      if (frame.opcode === 8) closing ? socket.end() : socket.end(wrap(8, frame.payload));
      if (frame.opcode === 9) socket.write(wrap(10, frame.payload));
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => handlers.closed());
  return {
    send: (object) => socket.writable && socket.write(wrap(1, Buffer.from(JSON.stringify(object)))),
    sendText: (text) => socket.writable && socket.write(wrap(1, Buffer.from(text))),
    close: (code) => {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      closing = true;
      socket.write(wrap(8, payload));
    },
    cut: () => socket.destroy(),
  };
}

function take(bytes) {
  if (bytes.length < 6) return null;
  let size = bytes[1] & 0x7f;
  let at = 2;
  if (size === 126) [size, at] = [bytes.readUInt16BE(2), 4];
  if (bytes.length < at + 4 + size) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + size));
  for (let i = 0; i < payload.length; i++) payload[i] ^= mask[i % 4];
  return { opcode: bytes[0] & 0x0f, payload, length: at + 4 + size };
}

function wrap(opcode, payload) {
  return Buffer.concat([headOf(opcode, payload.length), payload]);
}

function headOf(opcode, size) {
  if (size < 126) return Buffer.from([0x80 | opcode, size]);
  if (size < 65_536) return Buffer.from([0x80 | opcode, 126, size >> 8, size & 0xff]);
  const head = Buffer.alloc(10);
  head.set([0x80 | opcode, 127]);
  head.writeBigUInt64BE(BigInt(size), 2);
  return head;
}
