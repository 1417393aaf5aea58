// A way to the server that can be cut: WebSockets and plain requests apart, each direction apart.

import { connect, createServer } from "node:net";

export class Proxy {
  /** @param {string} target address of the server, `http://host:port` */
  static async start(target) {
    const proxy = new Proxy();
    proxy.target = new URL(target);
    proxy.links = new Set();
    /** What WebSockets may carry: set to false to hold bytes back. */
    proxy.to_server = true;
    proxy.to_client = true;
    proxy.server = createServer((client) => proxy.join(client));
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  /** The server's address by this way. */
  through(address, host = "127.0.0.1") {
    const url = new URL(address);
    url.host = `${host}:${this.port}`;
    return url.href;
  }

  join(client) {
    const server = connect(Number(this.target.port), this.target.hostname);
    const link = { client, server, is_websocket: false };
    this.links.add(link);
    client.on("data", (bytes) => {
      if (bytes.includes("/ws/v1/study")) link.is_websocket = true;
      if (this.to_server || !link.is_websocket) server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (this.to_client || !link.is_websocket) client.write(bytes);
    });
    const end = () => {
      client.destroy();
      server.destroy();
      this.links.delete(link);
    };
    for (const socket of [client, server]) socket.on("close", end).on("error", end);
  }

  /** Cuts every WebSocket that runs. */
  cutSockets() {
    for (const link of this.links) if (link.is_websocket) link.client.destroy();
  }

  async stop() {
    for (const { client } of this.links) client.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
