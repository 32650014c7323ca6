/** A socket and a clock that do what a test says. */

/** What a hub needs of `io()`, and the other end of it. */
export class FakeSocket {
  connected = false;
  /** What was emitted: [event, message]. */
  sent = [];
  #listeners = new Map();
  #acknowledgements = [];
  #lastRequest;

  // ---- as socket.io-client ----

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.#listeners.set(
      event,
      (this.#listeners.get(event) ?? []).filter((each) => each !== listener),
    );
  }

  emit(event, message) {
    this.sent.push([event, structuredClone(message)]);
    if (message.request !== undefined) this.#lastRequest = message;
  }

  timeout() {
    return {
      emit: (event, message, acknowledge) => {
        this.emit(event, message);
        this.#acknowledgements.push(acknowledge);
      },
    };
  }

  // ---- as the network ----

  connect() {
    this.connected = true;
    this.#fire("connect");
  }

  disconnect() {
    this.connected = false;
    this.#fire("disconnect", "transport close");
  }

  failToConnect() {
    this.#fire("connect_error", new Error("xhr poll error"));
  }

  // ---- as the server ----

  /** Send `batch_update`. */
  batchUpdate(channel, body, answer) {
    const message = [channel, body, ...(answer === undefined ? [] : [answer])];
    this.#fire("batch_update", ...structuredClone(message));
  }

  /** Answer the last request. */
  answer(outcome, body = null, more = {}) {
    const { channel, request } = this.#lastRequest;
    this.batchUpdate(channel, body, { request, outcome, ...(SUBSCRIBED.has(outcome) && { codec: "json" }), ...more });
  }

  /** Acknowledge the oldest fetch; undefined: let it time out. */
  acknowledge(response) {
    const acknowledge = this.#acknowledgements.shift();
    if (response === undefined) acknowledge(new Error("operation has timed out"));
    else acknowledge(null, response);
  }

  /** What was emitted since the last call. */
  take() {
    return this.sent.splice(0);
  }

  listenerCount(event) {
    return this.#listeners.get(event)?.length ?? 0;
  }

  #fire(event, ...args) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...args);
  }
}

const SUBSCRIBED = new Set(["up_to_date", "patch", "keyframe", "waiting"]);

/** Time that passes when a test says so. */
export class FakeClock {
  #now = 0;
  #timers = new Set();

  now = () => this.#now;

  setTimer = (fn, delayS) => {
    const timer = { fn, at: this.#now + delayS };
    this.#timers.add(timer);
    return timer;
  };

  clearTimer = (timer) => this.#timers.delete(timer);

  get pending() {
    return this.#timers.size;
  }

  pass(seconds) {
    const until = this.#now + seconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
    }
    this.#now = until;
  }
}

export const keyframe = (offset, document, more = {}) => ({ type: "keyframe", epoch: "A", offset, document, ...more });

export const delta = (base, offset, patch, more = {}) => ({ type: "delta", epoch: "A", base, offset, patch, ...more });

export const replace = (path, value) => [{ op: "replace", path, value }];
