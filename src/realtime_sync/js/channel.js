/** One channel as an application sees it. */

import { Acknowledgements } from "./acknowledgements.js";
import { ChannelClosed, FetchFailed, MessageTooLarge, SubscriptionRefused, SyncError } from "./errors.js";
import { isForNow, isRefusal } from "./frames.js";
import { find, parsePointer } from "./pointer.js";
import { parseReply } from "./poll.js";
import { PollSchedule } from "./poll_schedule.js";
import { NO_ANSWER, Replica, SUBSCRIBING } from "./replica.js";

/**
 * @typedef {import("./hub.js").Connection} Connection
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./replica.js").Happening} Happening
 */

/**
 * What may be claimed about a channel's snapshot.
 *
 * - `empty`: there is none yet
 * - `live`: it is the server's document, or was a moment ago, where polls replace a connection that is down
 * - `stale`: it was, and the newest is on its way
 * - `offline`: the connection is down, and no poll was answered for two intervals; Socket.IO reconnects
 * - `waiting`: subscribed, and the server has no document yet
 * - `forbidden`: the server refused; `error` says why
 * - `closed`: the server deleted the channel, or it was closed here; `error` says which
 *
 * @typedef {"empty" | "live" | "stale" | "offline" | "waiting" | "forbidden" | "closed"} Status
 */

/**
 * A live document, as `hub.channel(name)` returns it. Every method is bound: `const { subscribe } = channel` works.
 *
 * @template [T=any] The document.
 * @typedef {Pick<Subscription<T>, "name" | "subscribe" | "getSnapshot" | "getServerSnapshot" | "select" | "on"
 *   | "status" | "position" | "error" | "ready" | "fetch" | "close">} Channel
 */

const FETCH_TIMEOUT_MS = 10_000;

/**
 * What stands behind a `Channel`: the replica, and those who want to know what happens to it.
 *
 * @template [T=any] The document.
 */
export class Subscription {
  #connection;
  #replica;
  #acks = new Acknowledgements();
  /** @type {PollSchedule | null} */
  #polls;
  #isSubscribed = false; // on this connection, in the server's words
  #isClosedHere = false;
  /** What listeners were told last. @type {Status} */
  #toldStatus;
  /** @type {unknown} */
  #timer = undefined;
  /** @type {number | null} */
  #timerDeadline = null;
  /** @type {SyncError | null} */
  #error = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Set<{path: string[], value: any, fn: (value: any, previous: any) => void}>} */
  #selections = new Set();
  /** @type {Map<string, Set<(data: any, name: string) => void>>} */
  #handlers = new Map();
  /** @type {{resolve: (document: T) => void, reject: (error: SyncError) => void}[]} */
  #waiters = [];

  /**
   * @param {string} name
   * @param {Connection} connection
   */
  constructor(name, connection) {
    /** @readonly */
    this.name = name;
    this.#connection = connection;
    this.#replica = new Replica({ backoff: connection.backoff, nextRequest: connection.nextRequest });
    this.#polls = connection.pollPace && new PollSchedule(connection.pollPace);
    this.#toldStatus = this.status;
  }

  // ---- what an application calls -----------------------------------------------------------------------------------

  /**
   * The document, undefined before the first.
   *
   * The same object until something changes; then parts that did not change are the same objects. Do not change it.
   *
   * @returns {T | undefined}
   */
  getSnapshot = () => this.#replica.document;

  /**
   * What a page rendered on a server shows: nothing yet.
   *
   * @returns {T | undefined}
   */
  getServerSnapshot = () => undefined;

  /**
   * Call `listener` after every frame and every change of `status`.
   *
   * @param {() => void} listener
   * @returns {() => void} Ends it.
   */
  subscribe = (listener) => {
    const entry = () => listener(); // one function subscribed twice is called twice, and ended one at a time
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  /**
   * Call `fn` when the value at a JSON Pointer changed; undefined is a value that is not there.
   *
   * @param {string} pointer
   * @param {(value: any, previous: any) => void} fn
   * @returns {() => void} Ends it.
   */
  select = (pointer, fn) => {
    const path = parsePointer(pointer);
    const selection = { path, value: find(this.getSnapshot(), path), fn };
    this.#selections.add(selection);
    return () => void this.#selections.delete(selection);
  };

  /**
   * Call `fn` when the server emits `event` on this channel; the snapshot is at least as new.
   *
   * Three names are the client's own, as in Python:
   *
   * - `"sync:dropped"`: so many events were left out;
   * - `"sync:lost"`: lossless events `{epoch, first, last}` will not come; `last` null: the server began anew, nobody knows
   *   how many;
   * - `"sync:resync"`: the snapshot is the newest again, after it was not: `{reason, fromPosition, toPosition}`.
   *
   * @param {string} event A name, or `"*"` for every event that the server emits.
   * @param {(data: any, name: string) => void} fn
   * @returns {() => void} Ends it.
   */
  on = (event, fn) => {
    const handlers = this.#handlers.get(event) ?? new Set();
    const entry = (/** @type {any} */ data, /** @type {string} */ name) => fn(data, name);
    this.#handlers.set(event, handlers.add(entry));
    return () => {
      handlers.delete(entry);
      if (handlers.size === 0 && this.#handlers.get(event) === handlers) this.#handlers.delete(event);
    };
  };

  /**
   * Wait until the snapshot is live.
   *
   * @returns {Promise<T>} Rejects with `SubscriptionRefused` or `ChannelClosed`.
   */
  ready = () =>
    new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#settleWaiters();
    });

  /**
   * Fetch one value from the server, also one that the snapshot holds only a reference to.
   *
   * @param {string} pointer A JSON Pointer.
   * @returns {Promise<any>} Rejects with `FetchFailed`, or with `MessageTooLarge` for a value or a pointer that is
   *   larger than a message.
   */
  fetch = async (pointer) => {
    parsePointer(pointer);
    if (this.#isClosedHere) throw this.#error;
    const answer = await this.#connection.ask("sync:fetch", { channel: this.name, pointer }, FETCH_TIMEOUT_MS);
    if (answer !== null && typeof answer === "object" && Object.hasOwn(answer, "value")) return answer.value;
    if (answer?.error === "too_large") {
      const subject = `the value at "${pointer}" of channel "${this.name}"`;
      throw new MessageTooLarge(subject, "max_message_bytes", answer.allowed, answer.found);
    }
    throw new FetchFailed(this.name, pointer, answer === undefined ? "timeout" : String(answer?.error ?? "invalid"));
  };

  /** Undo one `hub.channel(name)`; the last one unsubscribes. */
  close = () => this.#connection.release(this);

  /** @returns {Status} */
  get status() {
    const { state, refusal, isWaiting, document } = this.#replica;
    if (this.#isClosedHere || state === "closed") return "closed";
    if (refusal !== null) return "forbidden";
    const isPolled = this.#polls?.isConfirmed ?? false;
    if (this.#connection.isOffline && !isPolled) return "offline";
    // After a reconnect a replica is as good as it was, but only the server can say that this is still the newest.
    if (state === "live" && (this.#isSubscribed || isPolled)) return "live";
    if (document !== undefined) return "stale";
    return isWaiting ? "waiting" : "empty";
  }

  /** Where the snapshot stands in the channel's log; null while nothing is known. @returns {Position | null} */
  get position() {
    return this.#replica.position;
  }

  /** What went wrong last; null while nothing is wrong. @returns {SyncError | null} */
  get error() {
    return this.#error;
  }

  // ---- what the hub calls ------------------------------------------------------------------------------------------

  /** The connection is up: subscribe. */
  connected() {
    if (this.#isClosedHere) return;
    this.#endPolling(); // a reply that is still on its way answers nothing any more
    this.#update(() => [this.#replica.request(this.#connection.now())]);
  }

  /** The connection is down. */
  disconnected() {
    this.#update(() => {
      this.#isSubscribed = false;
      this.#acks.reset();
      if (!this.#polls?.isOn) this.#replica.disconnected(); // else: an attempt to connect failed while a poll is under way
      return [];
    });
  }

  /**
   * There is no connection: ask over plain HTTP, if that was asked for.
   *
   * @param {boolean} atOnce Whether the first question is due now, and not after an interval.
   */
  pollMeanwhile(atOnce) {
    if (this.#polls === null || !this.#connection.mayPoll() || !this.#isWorthAsking) return;
    this.#polls.begin(this.#connection.now(), atOnce);
    this.#setTimer();
  }

  /**
   * @param {Frame} frame
   * @param {number} sizeBytes
   * @param {Answer | null} answer
   */
  receiveFrame(frame, sizeBytes, answer) {
    this.#noteSubscription(answer);
    const now = this.#connection.now();
    this.#update(() => {
      const happenings = this.#replica.receiveFrame(frame, answer, now);
      if (happenings.some(isNewFrame) && this.#acks.applied(sizeBytes, now)) this.#acknowledge();
      return happenings;
    });
  }

  /** @param {Answer} answer It came without a frame. */
  receiveAnswer(answer) {
    this.#noteSubscription(answer);
    const { outcome, message } = answer;
    const cause = isForNow(outcome) ? new SubscriptionRefused(this.name, outcome, message) : null;
    this.#update(() => this.#replica.receiveAnswer(answer, this.#connection.now()), cause);
  }

  /**
   * @param {SyncError} error
   * @param {Answer | null} answer
   */
  receiveGarbage(error, answer) {
    this.#noteSubscription(answer);
    this.#update(() => this.#replica.receiveGarbage(error, answer, this.#connection.now()), error);
  }

  /**
   * A frame came that needs a dictionary which is not here.
   *
   * @param {SyncError} error
   * @param {Answer | null} answer
   */
  receiveUnknownDictionary(error, answer) {
    this.#noteSubscription(answer);
    this.#update(() => this.#replica.receiveUnknownDictionary(error, answer, this.#connection.now()));
  }

  /** @param {Answer | null} answer What the part belongs to. */
  receivePart(answer) {
    this.#update(() => this.#replica.receivePart(answer, this.#connection.now()));
  }

  /** The last user is gone. */
  end() {
    this.#update(() => {
      if (this.status !== "closed") this.#error = new ChannelClosed(this.name, "close() was called");
      this.#isClosedHere = true;
      this.#polls?.end();
      this.#acks.reset();
      this.#replica.disconnected();
      return [];
    });
    this.#listeners.clear();
    this.#selections.clear();
    this.#handlers.clear();
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  /** @param {Answer | null} answer */
  #noteSubscription(answer) {
    if (answer === null || answer.outcome === "unavailable") return;
    this.#isSubscribed = !isRefusal(answer.outcome) && answer.outcome !== "too_slow";
    if (!this.#isSubscribed) this.#acks.reset();
  }

  get #isWorthAsking() {
    return this.#replica.refusal === null && this.#replica.state !== "closed" && !this.#isClosedHere;
  }

  #endPolling() {
    if (!this.#polls?.isOn) return;
    this.#polls.end();
    this.#replica.disconnected();
  }

  /** @param {PollSchedule} polls */
  #pollIfDue(polls) {
    const now = this.#connection.now();
    if (!polls.look(now)) return this.#update(() => []);
    if (!this.#connection.mayPoll()) return this.#update(() => (this.#endPolling(), []));
    const asked = this.#replica.request(now);
    polls.asked(asked.request);
    this.#connection.post(this.name, asked).then(
      (bytes) => this.#receiveReply(polls, asked.request, bytes),
      (error) => this.#notePollFailed(polls, asked.request, error),
    );
    this.#update(() => []);
  }

  /**
   * @param {PollSchedule} polls
   * @param {string} request
   * @param {Uint8Array} bytes
   */
  #receiveReply(polls, request, bytes) {
    if (!polls.settle(request)) return; // the connection is back
    const now = this.#connection.now();
    /** @type {ReturnType<typeof parseReply>} */
    let reply;
    try {
      reply = parseReply(bytes, this.#connection.limits);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      const problem = error;
      return this.#update(() => this.#schedulePoll(polls, this.#replica.receiveGarbage(problem, null, now), null), problem);
    }
    const { answer, frame } = reply;
    const cause = isForNow(answer.outcome) ? new SubscriptionRefused(this.name, answer.outcome, answer.message) : null;
    this.#update(() => {
      const happenings =
        frame === null ? this.#replica.receiveAnswer(answer, now) : this.#replica.receiveFrame(frame, answer, now);
      return this.#schedulePoll(polls, happenings, answer);
    }, cause);
  }

  /**
   * @param {PollSchedule} polls
   * @param {Happening[]} happenings
   * @param {Answer | null} answer
   */
  #schedulePoll(polls, happenings, answer) {
    const now = this.#connection.now();
    const { state, isWaiting } = this.#replica;
    const isServed = answer !== null && !isRefusal(answer.outcome) && !isForNow(answer.outcome);
    if (!this.#isWorthAsking) polls.end();
    // The replica sees to it that this does not go round in circles.
    else if (happenings.some(({ type }) => type === "resync_needed")) polls.askAgain(now);
    else if (isServed && (state === "live" || isWaiting)) polls.helped(now);
    else polls.failed(now);
    return happenings;
  }

  /**
   * @param {PollSchedule} polls
   * @param {string} request
   * @param {unknown} error
   */
  #notePollFailed(polls, request, error) {
    if (!polls.settle(request)) return;
    polls.failed(this.#connection.now());
    this.#update(() => [], error instanceof SyncError ? error : new SyncError(`a poll failed: ${error}`));
  }

  /** Say what is held; a server that hears nothing stops sending. */
  #acknowledge() {
    this.#acks.reset();
    const { position } = this.#replica;
    if (this.status === "live" && position !== null) this.#connection.acknowledge(this.name, position);
  }

  /**
   * Let the replica move on, then tell everybody once: listeners, selections, events.
   *
   * @param {() => Happening[]} move
   * @param {SyncError | null} [cause] What made it move, when that was an error.
   */
  #update(move, cause = null) {
    const happenings = move();
    const hasNewFrame = happenings.some(isNewFrame);
    this.#connection.count(happenings);
    for (const happening of happenings) {
      this.#error = this.#errorOf(happening) ?? this.#error;
      if (happening.type === "resync_needed" && !this.#polls?.isOn) this.#request(happening);
    }
    const { status } = this;
    if (status === "live") this.#error = null;
    else if (cause !== null && status !== "closed" && status !== "forbidden") this.#error = cause;
    this.#setTimer();
    this.#settleWaiters();
    const hasNews = hasNewFrame || status !== this.#toldStatus;
    this.#toldStatus = status;
    if (hasNews) for (const listener of [...this.#listeners]) guard(listener);
    if (hasNewFrame) for (const selection of [...this.#selections]) guard(() => this.#checkSelection(selection));
    for (const happening of happenings) this.#emit(happening);
  }

  /** @param {import("./replica.js").ResyncNeeded} asked */
  #request(asked) {
    try {
      this.#connection.request(this.name, asked, this.#isSubscribed);
    } catch (error) {
      if (!(error instanceof MessageTooLarge)) throw error;
      this.#replica.disconnected(); // it will not get smaller by repetition
      this.#error = error;
    }
  }

  /**
   * @param {Happening} happening
   * @returns {SyncError | null}
   */
  #errorOf(happening) {
    if (happening.type === "channel_ended") return new ChannelClosed(this.name, happening.reason);
    if (this.status === "closed") return null; // whatever the server says now, that it was closed is why
    if (happening.type === "refused") return new SubscriptionRefused(this.name, happening.outcome, happening.message);
    if (happening.type !== "resync_needed" || happening.reason === SUBSCRIBING) return null;
    if (happening.reason === NO_ANSWER && this.#error !== null) return null; // that explains more
    return new SyncError(`channel "${this.name}": ${happening.reason}`);
  }

  /** @param {{path: string[], value: any, fn: (value: any, previous: any) => void}} selection */
  #checkSelection(selection) {
    const previous = selection.value;
    const value = find(this.getSnapshot(), selection.path);
    if (value === previous || !this.#selections.has(selection)) return;
    selection.value = value;
    selection.fn(value, previous);
  }

  /** @param {Happening} happening */
  #emit(happening) {
    if (happening.type === "events_dropped") this.#call("sync:dropped", happening.count, "sync:dropped");
    if (happening.type === "events_lost") {
      const { epoch, first, last } = happening;
      this.#call("sync:lost", { epoch, first, last }, "sync:lost");
    }
    if (happening.type === "resynced") {
      const { reason, fromPosition, toPosition } = happening;
      this.#call("sync:resync", { reason, fromPosition, toPosition }, "sync:resync");
    }
    if (happening.type !== "event_received") return;
    this.#call(happening.name, happening.data, happening.name);
    this.#call("*", happening.data, happening.name);
  }

  /** @param {string} event @param {any} data @param {string} name */
  #call(event, data, name) {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) guard(() => handler(data, name));
  }

  #settleWaiters() {
    const { status } = this;
    if (status !== "live" && status !== "closed" && status !== "forbidden") return;
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      if (status === "live") resolve(/** @type {T} */ (this.getSnapshot()));
      else reject(/** @type {SyncError} */ (this.#error));
    }
  }

  #setTimer() {
    const sources = this.#polls?.isOn ? [this.#polls] : [this.#replica, this.#acks];
    const deadlines = sources.map(({ deadline }) => deadline).filter((at) => at !== null);
    const deadline = deadlines.length > 0 ? Math.min(...deadlines) : null;
    // One that rings too early sets itself again: cheaper than a new one for each frame, which puts the deadline off.
    if (deadline !== null && this.#timerDeadline !== null && this.#timerDeadline <= deadline) return;
    this.#connection.clearTimer(this.#timer);
    this.#timerDeadline = deadline;
    if (deadline !== null) this.#timer = this.#connection.setTimer(this.#tick, deadline - this.#connection.now());
  }

  #tick = () => {
    this.#timerDeadline = null;
    if (this.#polls?.isOn) return this.#pollIfDue(this.#polls);
    const now = this.#connection.now();
    this.#update(() => {
      if (this.#acks.isDue(now)) this.#acknowledge();
      return this.#replica.tick(now);
    });
  };
}

/** @param {Happening} happening */
function isNewFrame({ type }) {
  return type === "snapshot_replaced" || type === "patch_applied";
}

/**
 * Run a function of the application; its error is reported, and stops nobody else.
 *
 * @param {() => void} fn
 */
function guard(fn) {
  try {
    fn();
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}
