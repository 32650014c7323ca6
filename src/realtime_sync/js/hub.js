/** All channels of one Socket.IO connection. */

import { REQUEST_BACKOFF } from "./backoff.js";
import { Subscription } from "./channel.js";
import { DEFAULT_CODECS } from "./default_codecs.js";
import { ProtocolError, SyncError, UnknownDictionary } from "./errors.js";
import { parseAnswer } from "./frames.js";
import { Incoming } from "./incoming.js";
import { Latency } from "./latency.js";
import { limitsWith } from "./limits.js";
import { Outbox } from "./outbox.js";
import { refuseTooLarge } from "./payload.js";
import { post } from "./poll.js";
import { DEFAULT_INTERVAL_S, pollPace } from "./poll_schedule.js";
import { toWire } from "./position.js";
import { SUBSCRIBING } from "./replica.js";
import { sharedBy } from "./shared_socket.js";

/**
 * @template [T=any]
 * @typedef {import("./channel.js").Channel<T>} Channel
 */

/**
 * @typedef {import("./backoff.js").Backoff} Backoff
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./codec.js").Codec} Codec
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./poll.js").Poll} Poll
 * @typedef {import("./position.js").Position} Position
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
 * @property {boolean} [active] False when Socket.IO does not try to come back.
 * @property {unknown} [auth] What is passed when connecting: a value, or a function that passes one to its argument.
 * @property {(event: any, listener: any) => unknown} on
 * @property {(event: any, listener: any) => unknown} off
 * @property {(event: any, ...args: any[]) => unknown} emit
 * @property {(ms: number) => {emit: (event: any, ...args: any[]) => unknown}} timeout
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
 * @property {readonly ("json" | Codec)[]} [codecs] In order of preference; `"json"` always works. Unless given: what makes
 *   the smallest frames with the smallest decoder.
 * @property {Partial<Limits>} [limits] Bounds on what is decoded, where they differ from the default ones.
 * @property {Backoff} [backoff] When a request without an answer is repeated.
 * @property {Poll} [poll] Whom to ask over plain HTTP while Socket.IO tries to connect; unless given: nobody.
 * @property {Clock} [clock]
 */

/**
 * What has happened since `connect`, over all channels.
 *
 * @typedef {object} Stats
 * @property {number} frames Frames that were applied.
 * @property {number} keyframes Of these, whole documents.
 * @property {number} patches Of these, patches.
 * @property {number | null} bytes Size of the frames that came as bytes or in parts; null while none did.
 * @property {number} dictionaryBytes Size of the dictionaries that came.
 * @property {number | null} latencyMs Milliseconds from the last question to its answer, what the server did for it
 *   included; null before one.
 * @property {number} polls Questions that were asked over plain HTTP.
 * @property {number} gaps How often a document was found to be no longer the newest.
 * @property {number} resyncs Requests beyond the first of each channel and connection.
 * @property {number} acks Times that the server was told how far a channel was read.
 * @property {number} garbage Messages that could not be read.
 * @property {number} droppedEvents Events that were lost: left out by the server, or with a patch that could not be applied.
 * @property {number} lostEvents Lossless events that will not come; those of a server that began anew count as one.
 * @property {number} checksumMismatches How often a document was found to be wrong, and a whole one asked for.
 */

/**
 * What a request names as held.
 *
 * @typedef {object} Held
 * @property {import("./position.js").WirePosition | null} position
 * @property {import("./position.js").WirePosition} [heard] Of the lossless events: an epoch, and a number.
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
 * @property {Readonly<Limits>} limits
 * @property {Backoff | null} pollPace Null: nobody is asked over plain HTTP.
 * @property {() => boolean} mayPoll Whether Socket.IO tries to connect.
 * @property {(channel: string, request: ResyncNeeded) => Promise<Uint8Array>} post
 * @property {() => string} nextRequest
 * @property {(channel: string, request: ResyncNeeded, isSubscribed: boolean) => void} request
 * @property {(channel: string, position: Position) => void} acknowledge
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
  stats = {
    frames: 0,
    keyframes: 0,
    patches: 0,
    bytes: null,
    dictionaryBytes: 0,
    latencyMs: null,
    polls: 0,
    gaps: 0,
    resyncs: 0,
    acks: 0,
    garbage: 0,
    droppedEvents: 0,
    lostEvents: 0,
    checksumMismatches: 0,
  };
  #socket;
  #outbox;
  #shared;
  /** @type {Map<string, Codec | null>} */
  #codecs;
  #limits;
  #poll;
  #latency = new Latency();
  /** @type {Map<string, {subscription: Subscription, uses: number, incoming: Incoming}>} */
  #entries = new Map();
  /** @type {Connection} */
  #connection;
  #isUp; // from our `connect` on, not from the socket's: an application's handler may run before ours
  #wasUp;
  #isClosed = false;

  /**
   * @param {SocketLike} socket
   * @param {Options} options
   */
  constructor(socket, { codecs = DEFAULT_CODECS, limits = {}, backoff = REQUEST_BACKOFF, poll, clock = SYSTEM_CLOCK }) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.#shared = sharedBy(socket);
    this.#isUp = this.#wasUp = socket.connected;
    this.#poll = poll;
    this.#codecs = new Map(codecs.map((codec) => (codec === "json" ? ["json", null] : [codec.name, codec])));
    this.#limits = limitsWith(limits);
    this.#connection = {
      backoff,
      isOffline: false,
      ...clock,
      limits: this.#limits,
      pollPace: poll === undefined ? null : pollPace(poll.intervalS ?? DEFAULT_INTERVAL_S, backoff),
      mayPoll: () => this.isPolling,
      post: this.#post,
      nextRequest: this.#shared.nextRequest, // over all channels: one that is opened again takes no answer to the last
      request: this.#request,
      acknowledge: this.#acknowledge,
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
   * @throws {SyncError} The hub is closed, or the name is none; `MessageTooLarge`: for a name of that length the server
   *   would cut the connection.
   */
  channel(name) {
    if (this.#isClosed) throw new SyncError("this hub is closed; connect again");
    if (typeof name !== "string" || name === "") throw new SyncError("a channel's name is a string that is not empty");
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      refuseTooLarge(this.#socket, "sync:subscribe", this.#subscribe(name, LONGEST_REQUEST, LONGEST_HELD, []));
      const incoming = new Incoming(this.#codecs, this.#limits);
      entry = { subscription: new Subscription(name, this.#connection), uses: 0, incoming };
      this.#entries.set(name, entry);
      this.#shared.enter(name);
      if (this.#isUp) entry.subscription.connected();
      else entry.subscription.pollMeanwhile(true);
    }
    entry.uses++;
    return entry.subscription;
  }

  /** Whether channels are asked for over plain HTTP: the connection is down, and Socket.IO tries to come back. */
  get isPolling() {
    const isWanted = this.#poll !== undefined && !this.#isClosed && this.#socket.active !== false;
    return isWanted && this.#connection.isOffline;
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
    this.#isUp = this.#wasUp = true;
    this.#connection.isOffline = false;
    for (const entry of [...this.#entries.values()]) {
      entry.incoming.reset();
      entry.subscription.connected();
    }
  };

  #disconnected = () => {
    this.#isUp = false;
    this.#outbox.clear();
    this.#connection.isOffline = true;
    this.#latency.forgetQuestions();
    for (const { subscription } of [...this.#entries.values()]) {
      subscription.disconnected();
      subscription.pollMeanwhile(!this.#wasUp);
    }
  };

  /** @param {unknown} name @param {unknown} body @param {unknown} [wireAnswer] */
  #receive = (name, body, wireAnswer) => {
    const entry = typeof name === "string" ? this.#entries.get(name) : undefined;
    if (entry === undefined) return; // closed here while the frame was on its way, or another hub's
    const { subscription, incoming } = entry;
    /** @type {Answer | null} */
    let answer = null;
    let arrival;
    try {
      if (wireAnswer !== undefined && wireAnswer !== null) answer = parseAnswer(wireAnswer);
      this.#measure(answer);
      arrival = incoming.receive(body, answer);
    } catch (error) {
      if (error instanceof UnknownDictionary) return subscription.receiveUnknownDictionary(error, answer);
      incoming.dropParts();
      this.stats.garbage++;
      return subscription.receiveGarbage(error instanceof SyncError ? error : new ProtocolError(`${error}`), answer);
    } finally {
      this.#countBytes(incoming.takeCounts());
    }
    if (arrival.type === "part") subscription.receivePart(answer);
    else if (arrival.type === "frame") subscription.receiveFrame(arrival.frame, arrival.size, answer);
    else if (answer !== null) subscription.receiveAnswer(answer);
  };

  /** @param {Answer | null} answer */
  #measure(answer) {
    if (answer === null || answer.request === null) return;
    this.#latency.answered(answer.request, this.#connection.now());
    this.stats.latencyMs = this.#latency.lastMs;
  }

  /** @param {{bytes: number, dictionaryBytes: number}} counts */
  #countBytes({ bytes, dictionaryBytes }) {
    if (bytes > 0) this.stats.bytes = (this.stats.bytes ?? 0) + bytes;
    this.stats.dictionaryBytes += dictionaryBytes;
  }

  // ---- for the channels --------------------------------------------------------------------------------------------

  /** @type {Connection["request"]} */
  #request = (channel, { request, position, heard }, isSubscribed) => {
    const held = { position: toWire(position), ...namedHeard(heard) };
    const ids = this.#entries.get(channel)?.incoming.dictionaries ?? [];
    this.#latency.asked(request, this.#connection.now());
    if (isSubscribed) this.#send("sync:resync", { channel, request, ...held, ...namedDictionaries(ids) });
    else this.#send("sync:subscribe", this.#subscribe(channel, request, held, ids));
  };

  /**
   * @param {string} channel
   * @param {string} request
   * @param {Held} held
   * @param {string[]} dictionaries
   */
  #subscribe(channel, request, held, dictionaries) {
    const codecs = [...this.#codecs.keys()];
    return { version: WIRE_VERSION, channel, request, codecs, ...held, ...namedDictionaries(dictionaries) };
  }

  /** @type {Connection["post"]} */
  #post = async (channel, { request, position, heard }) => {
    const held = { position: toWire(position), ...namedHeard(heard) };
    const message = { version: WIRE_VERSION, channel, request, codecs: ["json"], ...held };
    const auth = await authOf(this.#socket);
    this.stats.polls++;
    return post(/** @type {Poll} */ (this.#poll), auth === undefined ? message : { ...message, auth }, this.#limits);
  };

  /** @type {Connection["acknowledge"]} */
  #acknowledge = (channel, position) => {
    this.#outbox.emit("sync:ack", { channel, position: toWire(position) }); // smaller than the request that led here
    this.stats.acks++;
  };

  /** @param {string} event @param {object} message */
  #send(event, message) {
    refuseTooLarge(this.#socket, event, message);
    this.#outbox.emit(event, message);
  }

  /** @type {Connection["ask"]} */
  #ask = (event, message, timeoutMs) =>
    new Promise((resolve) => {
      refuseTooLarge(this.#socket, event, message); // what is thrown here rejects the promise
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
      if (happening.type === "events_lost") stats.lostEvents += (happening.last ?? happening.first) - happening.first + 1;
      if (happening.type === "checksum_mismatch") stats.checksumMismatches++;
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
    const isLast = this.#shared.leave(subscription.name);
    if (this.#isUp && isLast) this.#outbox.emit("sync:unsubscribe", { channel: subscription.name });
    subscription.end();
  }
}

/** The largest that a message which asks for a channel may have to say. */
const LONGEST_REQUEST = "r".repeat(16);
/** @type {import("./position.js").WirePosition} */
const LONGEST_POSITION = ["e".repeat(64), Number.MAX_SAFE_INTEGER];
/** @type {Held} */
const LONGEST_HELD = { position: LONGEST_POSITION, heard: LONGEST_POSITION };

/** @param {import("./lossless_hearing.js").Heard | null} heard @returns {Partial<Held>} */
function namedHeard(heard) {
  return heard === null ? {} : { heard: [heard.epoch, heard.serial] };
}

/**
 * What the socket passes when it connects.
 *
 * @param {SocketLike} socket
 * @returns {Promise<unknown>}
 */
async function authOf({ auth }) {
  return typeof auth === "function" ? new Promise((resolve) => auth(resolve)) : auth;
}

/** @param {string[]} ids */
function namedDictionaries(ids) {
  return ids.length > 0 ? { dictionaries: ids } : {};
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
