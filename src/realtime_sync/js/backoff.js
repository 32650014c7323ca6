/** How long to wait before the next attempt. */

/** Exponential back-off with jitter. */
export class Backoff {
  /**
   * @param {object} [options]
   * @param {number} [options.baseS] Seconds before the first repetition.
   * @param {number} [options.factor] What each further delay is multiplied by.
   * @param {number} [options.capS] No delay grows past this, jitter excluded.
   * @param {number} [options.jitter] Up to this share of the delay is added, so that a thousand clients do not return
   *   in one instant.
   * @param {number} [options.attempts] Repetitions before giving up; Infinity means never.
   * @param {() => number} [options.random] Draws from [0, 1).
   */
  constructor({ baseS = 1, factor = 1.5, capS = 30, jitter = 0.3, attempts = 10, random = Math.random } = {}) {
    if (!(baseS > 0 && factor >= 1 && capS > 0 && jitter >= 0 && attempts >= 0)) {
      throw new RangeError("a Backoff needs baseS > 0, factor >= 1, capS > 0, jitter >= 0 and attempts >= 0");
    }
    this.baseS = baseS;
    this.factor = factor;
    this.capS = capS;
    this.jitter = jitter;
    this.attempts = attempts;
    this.random = random;
  }

  /**
   * Return the seconds to wait after a failed attempt.
   *
   * @param {number} attempt How many attempts failed before this one.
   * @returns {number}
   */
  delayS(attempt) {
    return Math.min(this.capS, this.baseS * this.factor ** attempt) * (1 + this.jitter * this.random());
  }
}

/** An answer that did not come in 2 s was probably lost; a server in trouble is asked less and less often. */
export const REQUEST_BACKOFF = new Backoff({ baseS: 2 });
