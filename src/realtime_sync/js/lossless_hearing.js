/** Which lossless events an application has got: each once, and by number those that are lost. */

/**
 * @typedef {import("./frames.js").Event} Event
 */

/**
 * Which lossless events an application has got: of one epoch all up to a number. It outlives the document.
 *
 * @typedef {object} Heard
 * @property {string} epoch
 * @property {number} serial Of the last one; 0 for none.
 */

/**
 * Lossless events that will never come.
 *
 * @typedef {object} Lost
 * @property {string} epoch The life of the channel's log that numbered them.
 * @property {number} first Number of the first of them.
 * @property {number | null} last Number of the last; null: the epoch ended, and nobody knows how many there were, if any.
 */

/** Takes the lossless events of all frames, in any order and any number of times; lets each through once. */
export class Hearing {
  /** Null before the first word of the server; then whatever comes first is the beginning. @type {Heard | null} */
  heard = null;
  #isOver = false; // the epoch ended, and the server said with which number

  /**
   * Return which of a frame's events are for the application, and which lossless ones are lost.
   *
   * @param {string} epoch The frame's.
   * @param {Event[]} events Those that it carries, in order; ordinary ones pass.
   * @param {number} [serial] Of the last lossless event up to the frame; 0 when it does not say.
   * @returns {[Event[], Lost[]]}
   */
  hear(epoch, events, serial = 0) {
    const lost = this.#enter(epoch);
    let heard = this.heard?.serial ?? null;
    const fresh = events.filter(([, , number]) => {
      if (number === undefined) return true;
      if (heard !== null && number <= heard) return false;
      if (heard !== null && number > heard + 1) lost.push({ epoch, first: heard + 1, last: number - 1 });
      heard = number;
      return true;
    });
    if (heard !== null && serial > heard) lost.push({ epoch, first: heard + 1, last: serial });
    this.heard = { epoch, serial: Math.max(heard ?? 0, serial) };
    return [fresh, lost];
  }

  /**
   * There is no document yet, and `serial` lossless events went before: those are not for who comes just now.
   *
   * @param {string} epoch
   * @param {number} serial
   * @returns {Lost[]}
   */
  wait(epoch, serial) {
    const lost = this.#enter(epoch);
    this.heard ??= { epoch, serial };
    return lost;
  }

  /**
   * The epoch ended with the lossless event `serial`: return those that will not come any more.
   *
   * @param {string} epoch
   * @param {number} serial
   * @returns {Lost[]}
   */
  end(epoch, serial) {
    const [, lost] = this.hear(epoch, [], serial);
    this.#isOver = true;
    return lost;
  }

  /**
   * @param {string} epoch
   * @returns {Lost[]}
   */
  #enter(epoch) {
    const { heard } = this;
    const wasOver = this.#isOver;
    this.#isOver = false;
    if (heard === null || heard.epoch === epoch) return [];
    this.heard = { epoch, serial: 0 };
    return wasOver ? [] : [{ epoch: heard.epoch, first: heard.serial + 1, last: null }];
  }
}

/**
 * @param {Event} event
 * @returns {boolean} Whether it may be lost.
 */
export function isOrdinary([, , serial]) {
  return serial === undefined;
}
