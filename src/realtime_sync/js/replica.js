/** The reading end of one channel: a document that is right, or says that it is not. No I/O, no clock. */

import { REQUEST_BACKOFF } from "./backoff.js";
import { checksum } from "./checksum.js";
import { shareEqual } from "./equality.js";
import { PatchError, ProtocolError } from "./errors.js";
import { isRefusal } from "./frames.js";
import { Hearing, isOrdinary } from "./lossless_hearing.js";
import { applyPatch } from "./patch.js";
import { samePosition } from "./position.js";
import { Resynchronizing } from "./resynchronizing.js";

/**
 * @typedef {import("./backoff.js").Backoff} Backoff
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./frames.js").Keyframe} Keyframe
 * @typedef {import("./frames.js").Delta} Delta
 * @typedef {import("./frames.js").Closed} Closed
 * @typedef {import("./frames.js").Answer} Answer
 * @typedef {import("./lossless_hearing.js").Heard} Heard
 * @typedef {import("./patch.js").Operation} Operation
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./resynchronizing.js").Resynced} Resynced
 */

/**
 * What a replica may claim about its document.
 *
 * @typedef {"empty" | "live" | "stale" | "closed"} State
 */

/**
 * A frame as the replica's position sees it.
 *
 * @typedef {"keyframe_my_epoch" | "keyframe_other_epoch" | "delta_next" | "delta_old" | "delta_other"} Arrival
 */

/** @typedef {"apply" | "apply_if_newer" | "apply_if_answer" | "drop" | "ask" | "go_stale"} Action */

/**
 * The only truth about applying; PROTOCOL.md, section 5, prints it.
 *
 * @type {Readonly<Record<State, Readonly<Record<Arrival, Action>>>>}
 */
export const TABLE = {
  empty: {
    keyframe_my_epoch: "apply",
    keyframe_other_epoch: "apply_if_answer",
    delta_next: "drop",
    delta_old: "drop",
    delta_other: "ask",
  },
  live: {
    keyframe_my_epoch: "apply_if_newer",
    keyframe_other_epoch: "apply_if_answer",
    delta_next: "apply",
    delta_old: "drop",
    delta_other: "go_stale",
  },
  stale: {
    keyframe_my_epoch: "apply_if_newer",
    keyframe_other_epoch: "apply_if_answer",
    delta_next: "apply",
    delta_old: "drop",
    delta_other: "ask", // asked already, except after `waiting`, when the first keyframe was lost
  },
  closed: {
    keyframe_my_epoch: "apply_if_answer", // it was closed, not deleted, and goes on where its log ended
    keyframe_other_epoch: "apply_if_answer",
    delta_next: "drop",
    delta_old: "drop",
    delta_other: "drop",
  },
};

/**
 * What happened to a replica, in order. `resync_needed` asks the caller to send a request.
 *
 * @typedef {{type: "snapshot_replaced", document: any, position: Position}
 *   | {type: "patch_applied", patch: Operation[], document: any, position: Position}
 *   | {type: "event_received", name: string, data: any}
 *   | {type: "events_dropped", count: number}
 *   | {type: "events_lost", epoch: string, first: number, last: number | null}
 *   | {type: "checksum_mismatch", position: Position, pointers: string[]}
 *   | {type: "resync_needed", request: string, position: Position | null, heard: Heard | null, reason: string}
 *   | Resynced
 *   | {type: "state_changed", state: State}
 *   | {type: "refused", outcome: string, message: string}
 *   | {type: "channel_ended", reason: string}} Happening
 */

/** @typedef {Extract<Happening, {type: "resync_needed"}>} ResyncNeeded */

/** @typedef {{id: string, position: Position | null}} Question */

/** Repeated questions whose late answers are still taken. */
const MAX_UNANSWERED = 32;

/** Why a request was opened by the caller, not by the replica. */
export const SUBSCRIBING = "subscribing";

/** Why a request was repeated. */
export const NO_ANSWER = "no answer";

/**
 * The state machine of a subscriber's copy.
 *
 * Messages go in, happenings come out; the caller sends what `resync_needed` asks for, and calls `tick` at `deadline`.
 * Every `now` is in seconds, of any clock that never goes back.
 *
 *     const replica = new Replica();
 *     const asked = replica.request(now);      // send: sync:subscribe with asked.request, asked.position
 *     for (const happening of replica.receiveFrame(frame, answer, now)) ...
 */
export class Replica {
  #backoff;
  #nextRequest;
  #unanswered = 0;
  /** @type {Question | null} */
  #open = null;
  /** Since the last answer that helped, oldest first. @type {Map<string, Question>} */
  #asked = new Map();
  /** The request that this very message answers. @type {Question | null} */
  #answered = null;
  /** Whether it came as an answer, be it to a request that is settled. */
  #isAnswer = false;
  /** Whether it came as one that names no question at all. */
  #isUnasked = false;
  /** Events that were missed, as that answer says. */
  #missed = 0;
  /** Stays when the position is lost. @type {Position | null} */
  #lastApplied = null;
  #hearing = new Hearing();
  #resynchronizing = new Resynchronizing();
  /** @type {Happening[]} */
  #happenings = [];

  /**
   * @param {object} [options]
   * @param {Backoff} [options.backoff] When an unanswered request is repeated.
   * @param {() => string} [options.nextRequest] Returns the id of a request: one that no other of the channel had on this
   *   connection, those of an earlier replica included.
   */
  constructor({ backoff = REQUEST_BACKOFF, nextRequest = counter() } = {}) {
    /** What may be claimed about the document. @type {State} */
    this.state = "empty";
    /** Where the document stands; offset 0 while waiting for the first; null when unknown. @type {Position | null} */
    this.position = null;
    /** The last good document, in every state; undefined before the first. @type {any} */
    this.document = undefined;
    /**
     * Why the server will not serve this channel; null when it does.
     *
     * @type {{outcome: string, message: string} | null}
     */
    this.refusal = null;
    /** Why the channel ended. @type {string | null} */
    this.closedReason = null;
    /** When to call `tick`, in seconds; null: not before the next message. @type {number | null} */
    this.deadline = null;
    this.#backoff = backoff;
    this.#nextRequest = nextRequest;
  }

  /** Which lossless events the application has got, or knows to be lost; null before the first answer. */
  get heard() {
    return this.#hearing.heard;
  }

  /** Whether the server said that the channel has no document yet. */
  get isWaiting() {
    return this.position?.offset === 0;
  }

  /** The position to name in a request; null when there is nothing that a patch could build on. */
  get #held() {
    const holds = (this.state === "live" || this.state === "stale") && !this.isWaiting;
    return holds ? this.position : null;
  }

  // ---- asking ------------------------------------------------------------------------------------------------------

  /**
   * Open a request, in place of any other, and return it for the caller to send.
   *
   * @param {number} now
   * @param {string} [reason]
   * @returns {ResyncNeeded}
   */
  request(now, reason = SUBSCRIBING) {
    this.refusal = null;
    this.#open = { id: this.#nextRequest(), position: this.#held };
    this.#asked.set(this.#open.id, this.#open);
    if (this.#asked.size > MAX_UNANSWERED) this.#asked.delete(this.#asked.keys().next().value ?? "");
    this.deadline = now + this.#backoff.delayS(this.#unanswered);
    const { id, position } = this.#open;
    return { type: "resync_needed", request: id, position, heard: this.heard, reason };
  }

  /**
   * Ask again when `deadline` has passed.
   *
   * @param {number} now
   * @returns {Happening[]}
   */
  tick(now) {
    if (this.deadline !== null && now >= this.deadline) {
      this.#unanswered++;
      this.#happenings.push(this.request(now, NO_ANSWER));
    }
    return this.#flush();
  }

  /** The connection is gone: no answer will come, and none is waited for until the next `request`. */
  disconnected() {
    this.#stopAsking();
    this.#unanswered = 0;
    this.#resynchronizing.begin("reconnect", this.#lastApplied);
  }

  // ---- receiving ---------------------------------------------------------------------------------------------------

  /**
   * Judge a frame by the table, and act.
   *
   * @param {Frame} frame
   * @param {Answer | null} answer
   * @param {number} now
   * @returns {Happening[]}
   */
  receiveFrame(frame, answer, now) {
    this.#settleRequest(answer);
    if (this.refusal !== null) return this.#flush(); // it was on its way when the server let us go
    if (frame.type === "closed") this.#receiveClosed(frame);
    else this.#act(TABLE[this.state][this.#judge(frame)], frame, now);
    this.#askIfAnswerDidNotHelp(now);
    this.#tellIfResynced();
    return this.#flush();
  }

  /**
   * Take an answer that came without a frame.
   *
   * @param {Answer} answer
   * @param {number} now
   * @returns {Happening[]}
   */
  receiveAnswer(answer, now) {
    const { outcome, request } = answer;
    if (outcome === "patch" || outcome === "keyframe") {
      return this.receiveGarbage(new ProtocolError(`an answer ${outcome} without a frame`), answer, now);
    }
    this.#settleRequest(answer);
    if (isRefusal(outcome)) {
      if (this.#answered || request === null) this.#refuse(answer);
    } else if (outcome === "too_slow") {
      this.#leaveForNow(now);
    } else if (this.#answered) {
      if (outcome === "up_to_date") this.#confirm(answer, now);
      else if (outcome === "waiting") this.#waitForFirst(answer);
      else this.#askLater(now);
    }
    this.#tellIfResynced();
    return this.#flush();
  }

  /**
   * Something came that is no frame: whatever it said is lost.
   *
   * @param {Error} error
   * @param {Answer | null} answer
   * @param {number} now
   * @returns {Happening[]}
   */
  receiveGarbage(error, answer, now) {
    this.#settleRequest(answer);
    if (this.state === "closed" || this.refusal !== null) return this.#flush();
    if (this.state === "live") this.#enter("stale");
    this.#resynchronizing.begin("garbage", this.#lastApplied);
    this.#ask(now, error.message);
    return this.#flush();
  }

  /**
   * A frame came that needs a dictionary: what is held is as good as before, but that one is missing.
   *
   * @param {Error} error
   * @param {Answer | null} answer
   * @param {number} now
   * @returns {Happening[]}
   */
  receiveUnknownDictionary(error, answer, now) {
    this.#settleRequest(answer);
    if (this.state === "closed" || this.refusal !== null) return this.#flush();
    this.#resynchronizing.begin("dictionary", this.#lastApplied);
    this.#ask(now, error.message);
    return this.#flush();
  }

  /**
   * A part of a frame came: while an answer arrives, it is not asked for again.
   *
   * @param {Answer | null} answer
   * @param {number} now
   * @returns {Happening[]}
   */
  receivePart(answer, now) {
    if (this.#asked.has(answer?.request ?? "") && this.deadline !== null) {
      this.deadline = now + this.#backoff.delayS(this.#unanswered);
    }
    return this.#flush();
  }

  // ---- the table's words -------------------------------------------------------------------------------------------

  /**
   * @param {Keyframe | Delta} frame
   * @returns {Arrival}
   */
  #judge(frame) {
    const mine = this.position;
    const sameEpoch = mine !== null && frame.epoch === mine.epoch;
    if (frame.type === "keyframe") return sameEpoch ? "keyframe_my_epoch" : "keyframe_other_epoch";
    if (sameEpoch && frame.base === mine.offset) return "delta_next";
    return sameEpoch && frame.offset <= mine.offset ? "delta_old" : "delta_other";
  }

  /**
   * @param {Action} action
   * @param {Keyframe | Delta} frame
   * @param {number} now
   */
  #act(action, frame, now) {
    switch (action) {
      case "apply":
        return this.#apply(frame, now);
      case "apply_if_newer":
        if (this.position !== null && frame.offset > this.position.offset) this.#apply(frame, now);
        return;
      case "apply_if_answer":
        if (this.#answered && !this.#wasPassed(frame)) this.#apply(frame, now);
        return;
      case "go_stale":
        this.#resynchronizing.begin(frame.epoch === this.position?.epoch ? "gap" : "epoch", this.#lastApplied);
        this.#enter("stale");
        return this.#ask(now, `a gap: at ${this.position?.offset}, got a delta for ${frame.offset}`);
      case "ask":
        return this.#ask(now, "a delta before any document");
      case "drop":
    }
  }

  /**
   * @param {Keyframe | Delta} frame
   * @param {number} now
   */
  #apply(frame, now) {
    const position = { epoch: frame.epoch, offset: frame.offset };
    if (frame.type === "delta") {
      let document;
      try {
        document = applyPatch(this.document, frame.patch);
      } catch (error) {
        if (!(error instanceof PatchError)) throw error;
        this.#resynchronizing.begin("patch", this.#lastApplied);
        return this.#loseFrame(frame, now, `a patch that does not fit: ${error.message}`);
      }
      const { check } = frame;
      if (check && checksum(document, check.pointers) !== check.crc32) {
        // This copy was wrong, now or for some time already: nothing of the frame is shown.
        this.#resynchronizing.begin("checksum", this.#lastApplied);
        this.#happenings.push({ type: "checksum_mismatch", position, pointers: check.pointers });
        return this.#loseFrame(frame, now, `a checksum that does not hold at ${position.epoch}:${position.offset}`);
      }
      this.document = document;
    } else {
      this.document = shareEqual(this.document, frame.document);
    }
    const told = this.#hearEvents(frame);
    if (this.#isUnasked) this.#resynchronizing.begin("slow", this.#lastApplied); // parked, and has read what was under way
    else if (this.#isAnswer && !this.#answered && this.#skipsTo(position)) {
      this.#resynchronizing.begin("gap", this.#lastApplied); // an answer of long ago
    }
    this.position = this.#lastApplied = position;
    this.closedReason = null;
    this.#wasHelped();
    this.#enter("live");
    this.#happenings.push(
      frame.type === "delta"
        ? { type: "patch_applied", patch: frame.patch, document: this.document, position }
        : { type: "snapshot_replaced", document: this.document, position },
    );
    this.#happenings.push(...told);
  }

  /**
   * Whether the application has seen a newer document of this life.
   *
   * @param {Keyframe | Delta} frame
   */
  #wasPassed({ epoch, offset }) {
    const last = this.#lastApplied;
    return last !== null && last.epoch === epoch && offset < last.offset;
  }

  /**
   * Whether `position` is not the one after what the application has seen.
   *
   * @param {Position} position
   */
  #skipsTo(position) {
    const last = this.#lastApplied;
    return last !== null && !samePosition(position, { epoch: last.epoch, offset: last.offset + 1 });
  }

  /**
   * What the application is told of a frame's events.
   *
   * A keyframe in an answer repeats the events since the position that the request named. When the replica has moved on
   * since, nobody can tell which of the ordinary ones it has had; lossless ones have their numbers.
   *
   * @param {Keyframe | Delta} frame
   * @returns {Happening[]}
   */
  #hearEvents(frame) {
    const isKeyframe = frame.type === "keyframe";
    let [events, lost] = this.#hearing.hear(frame.epoch, frame.events, isKeyframe ? frame.serial : 0);
    let count = frame.dropped + this.#missed;
    if (isKeyframe && this.#isAnswer && !samePosition(this.#answered?.position ?? null, this.#lastApplied)) {
      count += events.filter(isOrdinary).length;
      events = events.filter((event) => !isOrdinary(event));
    }
    /** @type {Happening[]} */
    const told = count > 0 ? [{ type: "events_dropped", count }] : [];
    for (const range of lost) told.push({ type: "events_lost", ...range });
    for (const [name, data] of events) told.push({ type: "event_received", name, data });
    return told;
  }

  /**
   * @param {Delta} frame
   * @param {number} now
   * @param {string} reason
   */
  #loseFrame(frame, now, reason) {
    // Its ordinary events are lost with it: the keyframe that is asked for does not know that they were missed.
    const lost = frame.events.filter(isOrdinary).length + frame.dropped;
    if (lost > 0) this.#happenings.push({ type: "events_dropped", count: lost });
    this.#lose(now, reason);
  }

  /** @param {Closed} frame */
  #receiveClosed({ epoch, reason, serial = 0 }) {
    if (this.state === "closed" || (epoch !== this.position?.epoch && !this.#answered)) return;
    this.#stopAsking();
    this.#resynchronizing.giveUp();
    this.closedReason = reason;
    this.#enter("closed");
    this.#tellLost(this.#hearing.end(epoch, serial));
    this.#happenings.push({ type: "channel_ended", reason });
  }

  /** @param {import("./lossless_hearing.js").Lost[]} lost */
  #tellLost(lost) {
    for (const range of lost) this.#happenings.push({ type: "events_lost", ...range });
  }

  // ---- the answers' words ------------------------------------------------------------------------------------------

  /** @param {Answer} answer @param {number} now */
  #confirm({ position }, now) {
    const held = this.#held;
    if (held !== null && samePosition(position, held)) {
      this.#wasHelped();
      this.#enter("live");
    } else if (held === null || !samePosition(position, this.#answered?.position ?? null)) {
      // The server calls us up to date at a place where we are not: nothing we hold can be trusted.
      this.#lose(now, "called up to date at another position");
    } else if (this.state === "stale") {
      this.#ask(now, "an answer from before the replica moved on");
    }
  }

  /** @param {Answer} answer */
  #waitForFirst({ position, serial }) {
    if (position !== null) this.#tellLost(this.#hearing.wait(position.epoch, serial));
    this.position = position && { epoch: position.epoch, offset: 0 };
    this.closedReason = null;
    this.#wasHelped();
    this.#enter(this.document === undefined ? "empty" : "stale");
  }

  /**
   * The server let us go because we did not keep up: come back after a while.
   *
   * @param {number} now
   */
  #leaveForNow(now) {
    if (this.state === "closed" || this.refusal !== null) return;
    if (this.state === "live") this.#enter("stale");
    this.#resynchronizing.begin("slow", this.#lastApplied);
    this.#stopAsking();
    this.#askLater(now);
  }

  /** @param {Answer} answer */
  #refuse({ outcome, message }) {
    this.#stopAsking();
    this.#resynchronizing.giveUp();
    this.refusal = { outcome, message };
    if (this.state === "live") this.#enter("stale");
    this.#happenings.push({ type: "refused", outcome, message });
  }

  // ---- requests ----------------------------------------------------------------------------------------------------

  /** @param {Answer | null} answer */
  #settleRequest(answer) {
    this.#answered = null;
    this.#isAnswer = answer !== null;
    this.#isUnasked = answer !== null && answer.request === null;
    this.#missed = answer?.dropped ?? 0;
    const asked = this.#asked.get(answer?.request ?? "");
    if (asked === undefined) return;
    // A slow link answers a question after it was repeated; that answer is as good as the one to the repetition.
    this.#asked.delete(asked.id);
    this.#answered = asked;
    if (asked === this.#open) this.#open = this.deadline = null;
  }

  /** Once the document is live again, and no question about it is open. */
  #tellIfResynced() {
    if (this.state !== "live" || this.position === null || this.deadline !== null) return;
    const resynced = this.#resynchronizing.end(this.position);
    if (resynced !== null) this.#happenings.push(resynced);
  }

  /** @param {number} now @param {string} reason */
  #lose(now, reason) {
    this.position = null;
    this.#enter("empty");
    this.#ask(now, reason);
  }

  /** @param {number} now @param {string} reason */
  #ask(now, reason) {
    if (this.deadline !== null) return; // asked already, or will be
    // Repeated at once, a question whose answer did not help would have two confused ends flood each other.
    if (this.#answered && samePosition(this.#answered.position, this.#held)) return this.#askLater(now);
    this.#happenings.push(this.request(now, reason));
  }

  /** @param {number} now */
  #askLater(now) {
    this.#unanswered++;
    this.deadline = now + this.#backoff.delayS(this.#unanswered);
  }

  /** @param {number} now */
  #askIfAnswerDidNotHelp(now) {
    if (this.#answered && (this.state === "empty" || this.state === "stale"))
      this.#ask(now, "an answer that did not help");
  }

  #wasHelped() {
    this.#unanswered = 0;
    if (this.#answered) this.#stopAsking();
  }

  #stopAsking() {
    this.#asked.clear();
    this.#open = null;
    this.deadline = null;
  }

  /** @param {State} state */
  #enter(state) {
    if (state === this.state) return;
    this.state = state;
    this.#happenings.push({ type: "state_changed", state });
  }

  #flush() {
    const happenings = this.#happenings;
    this.#happenings = [];
    return happenings;
  }
}

/** Return a function that returns "1", "2", ... */
export function counter() {
  let count = 0;
  return () => String(++count);
}
