/** What a hub says to the server, no more at once than goes through. */

/**
 * How many packets may wait for the next request of long polling when one of ours joins them: of one with more than 16 a
 * server of python-engineio takes none, and says that it has. Four are left to the application.
 */
const MAX_WAITING = 12;

/** The messages of one hub, in order. */
export class Outbox {
  #socket;
  /** @type {[event: string, message: object][]} */
  #waiting = [];
  /** What is waited for. @type {any} */
  #engine = null;

  /** @param {{emit: (event: any, message: any) => unknown}} socket What `io()` returned. */
  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * Say something, after what was said before.
   *
   * @param {string} event
   * @param {object} message
   */
  emit(event, message) {
    this.#waiting.push([event, message]);
    this.#pass();
  }

  /** The connection is gone, and what was said to it is void. */
  clear() {
    this.#waiting = [];
  }

  #pass() {
    for (const [event, message] of this.#waiting.splice(0, this.#room())) this.#socket.emit(event, message);
    if (this.#waiting.length > 0) this.#passOnceDrained();
  }

  /** How many messages may be said now. */
  #room() {
    const engine = engineOf(this.#socket);
    if (engine?.transport?.name !== "polling") return Infinity;
    return Math.max(0, MAX_WAITING - engine.writeBuffer.length);
  }

  #passOnceDrained() {
    const engine = engineOf(this.#socket);
    if (engine === this.#engine) return;
    this.#engine = engine;
    engine.once("drain", () => {
      if (engine !== this.#engine) return; // another connection's
      this.#engine = null;
      this.#pass();
    });
  }
}

/**
 * Return the connection behind a socket; undefined where there is none, as in tests.
 *
 * @param {any} socket
 */
function engineOf({ io }) {
  return io?.engine;
}
