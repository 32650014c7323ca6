/** The socket, the library's client on it, and a way to cut and restore the real connection. */

import { connect } from "@realtime-sync/client";
import { io } from "socket.io-client";

const PING_EVERY_MS = 2000;
const PING_TIMEOUT_MS = 5000;

export class Connection {
  #cut = false;
  #everConnected = false;
  #lostAt = 0;
  #onChange = () => {};

  /** @param {{channel: string, metrics_channel: string, socket_path: string}} config of `/config.json` */
  constructor(config) {
    this.socket = io({
      path: config.socket_path,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelayMax: 5000,
    });
    this.hub = connect(this.socket);
    this.channel = this.hub.channel(config.channel);
    // A hub of its own, so that `hub.stats` counts the frames of the project alone.
    this.metrics = connect(this.socket).channel(config.metrics_channel);
    this.socket.on("connect", () => {
      this.#everConnected = true;
      this.#onChange();
    });
    this.socket.on("disconnect", () => {
      this.#lostAt = Date.now();
      this.#onChange();
    });
  }

  /** Call `listener` whenever `state` may have changed. */
  watch(listener) {
    this.#onChange = listener;
    this.channel.subscribe(listener);
  }

  /** @returns {"connecting" | "live" | "catching-up" | "waiting" | "cut" | "lost" | "refused" | "closed"} */
  get state() {
    if (this.#cut) return "cut";
    if (!this.socket.connected) return this.#everConnected ? "lost" : "connecting";
    switch (this.channel.status) {
      case "live":
        return "live";
      case "waiting":
        return "waiting";
      case "forbidden":
        return "refused";
      case "closed":
        return "closed";
      default:
        return "catching-up";
    }
  }

  /** Milliseconds since the connection was lost. */
  get awayMs() {
    return Date.now() - this.#lostAt;
  }

  /** Close the transport under Socket.IO, as a broken network would, and stay away. */
  cut() {
    this.#cut = true;
    this.#lostAt = Date.now();
    this.socket.io.reconnection(false);
    this.socket.io.engine?.close();
    this.#onChange();
  }

  /** Connect again; the client asks for what it missed. */
  restore() {
    this.#cut = false;
    this.socket.io.reconnection(true);
    this.socket.connect();
    this.#onChange();
  }

  /** Tell `listener` the round trip in milliseconds every two seconds; null while there is none. */
  measureLatency(listener) {
    const measure = () => {
      if (!this.socket.connected) return listener(null);
      const begun = performance.now();
      this.socket
        .timeout(PING_TIMEOUT_MS)
        .emit("check_readiness", (error) => listener(error ? null : performance.now() - begun));
    };
    this.socket.on("connect", measure);
    this.socket.on("disconnect", () => listener(null));
    setInterval(measure, PING_EVERY_MS);
  }
}
