/** When a client without a connection asks over plain HTTP, and how long an answer counts. */

import { Backoff } from "./backoff.js";

export const DEFAULT_INTERVAL_S = 2;

/** An answer counts until the one after the next is due: one that is a little late changes nothing that a user sees. */
export const CONFIRMED_INTERVALS = 2;

/**
 * Return the delays between polls: `intervalS`, and after failures longer and longer, as `backoff` says.
 *
 * @param {number} intervalS
 * @param {Backoff} backoff
 */
export function pollPace(intervalS, backoff) {
  return new Backoff({ ...backoff, baseS: intervalS, capS: Math.max(backoff.capS, intervalS) });
}

/** One question at a time, for one channel. */
export class PollSchedule {
  /** Whether questions are asked. */
  isOn = false;
  /** Questions since the last answer that helped. */
  failures = 0;
  #pace;
  /** @type {number | null} */
  #dueAt = null;
  /** @type {number | null} */
  #confirmedUntil = null;
  /** @type {string | null} */
  #open = null;

  /** @param {Backoff} pace Its first delay is the interval; the others follow failures. */
  constructor(pace) {
    this.#pace = pace;
  }

  /** When the next question is due, or the last answer no longer counts; null: not before the next answer. */
  get deadline() {
    if (this.#dueAt === null || this.#confirmedUntil === null) return this.#dueAt ?? this.#confirmedUntil;
    return Math.min(this.#dueAt, this.#confirmedUntil);
  }

  /** Whether an answer came that still counts. */
  get isConfirmed() {
    return this.#confirmedUntil !== null;
  }

  /**
   * There is no connection.
   *
   * @param {number} now
   * @param {boolean} atOnce Whether to ask now, and not after an interval: most connections that were lost are back by
   *   then, and those of a server that restarts were lost by all of its clients in one instant.
   */
  begin(now, atOnce) {
    if (this.isOn) return;
    this.isOn = true;
    this.#dueAt = atOnce ? now : now + this.#delayS();
  }

  /** The connection is back, or there is no point in asking. */
  end() {
    this.isOn = false;
    this.failures = 0;
    this.#dueAt = this.#confirmedUntil = this.#open = null;
  }

  /**
   * Return whether a question is due; forget an answer that no longer counts.
   *
   * @param {number} now
   */
  look(now) {
    if (this.#confirmedUntil !== null && now >= this.#confirmedUntil) this.#confirmedUntil = null;
    return this.#dueAt !== null && now >= this.#dueAt;
  }

  /** @param {string} request The id of the question that is under way. */
  asked(request) {
    this.#open = request;
    this.#dueAt = null;
  }

  /**
   * Return whether the question of that id is the one that was waited for; it no longer is.
   *
   * @param {string} request
   */
  settle(request) {
    const isOpen = this.#open === request;
    if (isOpen) this.#open = null;
    return isOpen;
  }

  /** @param {number} now The answer says what there is. */
  helped(now) {
    this.failures = 0;
    this.#confirmedUntil = now + CONFIRMED_INTERVALS * this.#pace.baseS;
    this.#dueAt = now + this.#delayS();
  }

  /** @param {number} now No answer came, or none that helped. */
  failed(now) {
    this.failures++;
    this.#dueAt = now + this.#delayS();
  }

  /** @param {number} now The answer showed that another question has to be asked. */
  askAgain(now) {
    this.#dueAt = now;
  }

  #delayS() {
    return this.#pace.delayS(this.failures);
  }
}
