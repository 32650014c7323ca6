/** All channels of one Socket.IO connection. */

import { REQUEST_BACKOFF } from "./backoff.js";
import { Subscription } from "./channel.js";
import { ProtocolError, SyncError } from "./errors.js";
import { parseAnswer, parseFrame } from "./frames.js";
import { toWire } from "./position.js";
import { SUBSCRIBING } from "./replica.js";

/**
 * @template [T=any]
 * @typedef {import("./channel.js").Channel<T>} Channel
 */

/**
 * @typedef {import("./backoff.js").Backoff} Backoff
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./replica.js").Happening} Happening
 * @typedef {import("./replica.js").ResyncNeeded} ResyncNeeded
 */

/** The version of PROTOCOL.md that this package speaks. */
export const WIRE_VERSION = 1;

/**
 * What a hub needs of a socket; `io()` of socket.io-client returns one, whatever its types of events.
 *
 * @typedef {object} SocketLike
 * @property {boolean} connected
 * @property {(event: any, listener: any) => unknown} on
 * @property {(event: any, listener: any) => unknown} off
 * @property {(event: any, ...args: any[]) => unknown} emit
 * @property {(ms: number) => {emit: (event: any, ...args: any[]) => unknown}} timeout
 */

/**
 * How the bytes of a frame become an object. `json` needs none: its frames are objects already.
 *
 * @typedef {object} Codec
 * @property {string} name As the server calls it, for instance `"json+gzip"`.
 * @property {(bytes: Uint8Array) => unknown} decode Throws when the bytes are not of this codec.
 */

/**
 * Time, in seconds; a test supplies its own.
 *
 * @typedef {object} Clock
 * @property {() => number} now Never goes back.
 * @property {(fn: () => void, delayS: number) => unknown} setTimer
 * @property {(timer: any) => void} clearTimer
 */

/**
 * @typedef {object} Options
 * @property {readonly ("json" | Codec)[]} [codecs] In order of preference; `"json"` always works.
 * @property {Backoff} [backoff] When a request without an answer is repeated.
 * @property {Clock} [clock]
 */

/**
 * What has happened since `connect`, over all channels.
 *
 * @typedef {object} Stats
 * @property {number} frames Frames that were applied.
 * @property {number} keyframes Of these, whole documents.
 * @property {number} patches Of these, patches.
 * @property {number | null} bytes Size of the frames that came as bytes; null while none did (codec `json`).
 * @property {number} gaps How often a document was found to be no longer the newest.
 * @property {number} resyncs Requests beyond the first of each channel and connection.
 * @property {number} garbage Messages that could not be read.
 * @property {number} droppedEvents Events that the server says it left out.
 */

/**
 * What a channel may do with its connection.
 *
 * @typedef {object} Connection
 * @property {Backoff} backoff
 * @property {boolean} isOffline
 * @property {Clock["now"]} now
 * @property {Clock["setTimer"]} setTimer
 * @property {Clock["clearTimer"]} clearTimer
 * @property {(channel: string, request: ResyncNeeded, isSubscribed: boolean) => void} request
 * @property {(event: string, message: object, timeoutMs: number) => Promise<any>} ask Undefined: no answer came.
 * @property {(happenings: Happening[]) => void} count
 * @property {(subscription: Subscription) => void} release
 */

/** @type {Clock} */
const SYSTEM_CLOCK = {
  now: () => performance.now() / 1000,
  setTimer: (fn, delayS) => setTimeout(fn, Math.max(0, delayS * 1000)),
  clearTimer: (timer) => clearTimeout(timer),
};

/** All channels of one connection; `connect` makes it. */
export class Hub {
  /** @type {Stats} */
  stats = { frames: 0, keyframes: 0, patches: 0, bytes: null, gaps: 0, resyncs: 0, garbage: 0, droppedEvents: 0 };
  #socket;
  #codecs;
  /** @type {Map<string, {subscription: Subscription, uses: number, codec: string}>} */
  #entries = new Map();
  /** @type {Connection} */
  #connection;
  #isUp; // from our `connect` on, not from the socket's: an application's handler may run before ours
  #isClosed = false;

  /**
   * @param {SocketLike} socket
   * @param {Options} options
   */
  constructor(socket, { codecs = ["json"], backoff = REQUEST_BACKOFF, clock = SYSTEM_CLOCK }) {
    this.#socket = socket;
    this.#isUp = socket.connected;
    this.#codecs = new Map(codecs.map((codec) => (codec === "json" ? ["json", null] : [codec.name, codec])));
    this.#connection = {
      backoff,
      isOffline: false,
      ...clock,
      request: this.#request,
      ask: this.#ask,
      count: this.#count,
      release: this.#release,
    };
    socket.on("connect", this.#connected);
    socket.on("disconnect", this.#disconnected);
    socket.on("connect_error", this.#disconnected);
    socket.on("batch_update", this.#receive);
  }

  /**
   * Return the live document of that name: the same object until every call was undone by `channel.close()`.
   *
   * @template [T=any] The document.
   * @param {string} name
   * @returns {Channel<T>}
   */
  channel(name) {
    if (this.#isClosed) throw new SyncError("this hub is closed; connect again");
    if (typeof name !== "string" || name === "") throw new SyncError("a channel's name is a string that is not empty");
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { subscription: new Subscription(name, this.#connection), uses: 0, codec: "json" };
      this.#entries.set(name, entry);
      if (this.#isUp) entry.subscription.connected();
    }
    entry.uses++;
    return entry.subscription;
  }

  /** Close every channel and leave the socket, which stays as it is: it belongs to the application. */
  close() {
    this.#isClosed = true;
    this.#socket.off("connect", this.#connected);
    this.#socket.off("disconnect", this.#disconnected);
    this.#socket.off("connect_error", this.#disconnected);
    this.#socket.off("batch_update", this.#receive);
    for (const { subscription } of [...this.#entries.values()]) this.#end(subscription);
  }

  // ---- from the socket ---------------------------------------------------------------------------------------------

  #connected = () => {
    this.#isUp = true;
    this.#connection.isOffline = false;
    for (const entry of [...this.#entries.values()]) {
      entry.codec = "json";
      entry.subscription.connected();
    }
  };

  #disconnected = () => {
    this.#isUp = false;
    this.#connection.isOffline = true;
    for (const { subscription } of [...this.#entries.values()]) subscription.disconnected();
  };

  /** @param {unknown} name @param {unknown} body @param {unknown} [wireAnswer] */
  #receive = (name, body, wireAnswer) => {
    const entry = typeof name === "string" ? this.#entries.get(name) : undefined;
    if (entry === undefined) return; // closed here while the frame was on its way, or another hub's
    /** @type {Answer | null} */
    let answer = null;
    let frame;
    try {
      if (wireAnswer !== undefined && wireAnswer !== null) answer = parseAnswer(wireAnswer);
      if (answer?.codec) entry.codec = answer.codec;
      frame = this.#parseBody(body, entry.codec, answer);
    } catch (error) {
      this.stats.garbage++;
      return entry.subscription.receiveGarbage(
        error instanceof SyncError ? error : new ProtocolError(`${error}`),
        answer,
      );
    }
    entry.subscription.receive(frame, answer);
  };

  /**
   * @param {unknown} body
   * @param {string} codec
   * @param {Answer | null} answer
   * @returns {Frame | null}
   */
  #parseBody(body, codec, answer) {
    if (body === null || body === undefined) {
      if (answer === null) throw new ProtocolError("a message with neither a frame nor an answer");
      return null;
    }
    const bytes = toBytes(body);
    if (bytes === null) return parseFrame(body);
    this.stats.bytes = (this.stats.bytes ?? 0) + bytes.length;
    const decoder = this.#codecs.get(codec);
    if (!decoder) throw new ProtocolError(`bytes of codec ${codec}, for which connect() was given no decoder`);
    return parseFrame(decoder.decode(bytes));
  }

  // ---- for the channels --------------------------------------------------------------------------------------------

  /** @type {Connection["request"]} */
  #request = (channel, { request, position }, isSubscribed) => {
    const held = toWire(position);
    if (isSubscribed) this.#socket.emit("sync:resync", { channel, request, position: held });
    else {
      const codecs = [...this.#codecs.keys()];
      this.#socket.emit("sync:subscribe", { version: WIRE_VERSION, channel, request, codecs, position: held });
    }
  };

  /** @type {Connection["ask"]} */
  #ask = (event, message, timeoutMs) =>
    new Promise((resolve) => {
      const finish = (/** @type {unknown} */ error, /** @type {unknown} */ answer) =>
        resolve(error ? undefined : answer);
      this.#socket.timeout(timeoutMs).emit(event, message, finish);
    });

  /** @type {Connection["count"]} */
  #count = (happenings) => {
    const { stats } = this;
    let isLost = false;
    for (const happening of happenings) {
      if (happening.type === "snapshot_replaced") stats.keyframes++;
      if (happening.type === "patch_applied") stats.patches++;
      if (happening.type === "events_dropped") stats.droppedEvents += happening.count;
      if (happening.type === "state_changed") isLost = happening.state === "stale" || happening.state === "empty";
      if (happening.type === "resync_needed" && happening.reason !== SUBSCRIBING) {
        stats.resyncs++;
        if (isLost) stats.gaps++;
      }
    }
    stats.frames = stats.keyframes + stats.patches;
  };

  /** @type {Connection["release"]} */
  #release = (subscription) => {
    const entry = this.#entries.get(subscription.name);
    if (entry?.subscription === subscription && --entry.uses === 0) this.#end(subscription);
  };

  /** @param {Subscription} subscription */
  #end(subscription) {
    this.#entries.delete(subscription.name);
    if (this.#isUp) this.#socket.emit("sync:unsubscribe", { channel: subscription.name });
    subscription.end();
  }
}

/**
 * @param {unknown} body
 * @returns {Uint8Array | null} Null when it is not bytes.
 */
function toBytes(body) {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : null;
}

/**
 * Keep documents in step with a server, over a Socket.IO connection.
 *
 *     const hub = connect(io());
 *     const project = hub.channel("project_42");
 *     project.subscribe(() => render(project.getSnapshot(), project.status));
 *
 * @param {SocketLike} socket What `io()` returned, connected or not. It stays the application's.
 * @param {Options} [options]
 * @returns {Hub}
 */
export function connect(socket, options = {}) {
  return new Hub(socket, options);
}
