/** How long the server takes to answer. */

/** Without an answer; of more the oldest are forgotten. */
const MAX_QUESTIONS = 256;

/** Measures from a request to the first message that answers it. */
export class Latency {
  /** The newest measurement; null before the first. @type {number | null} */
  lastMs = null;
  /** When each was asked, in seconds. @type {Map<string, number>} */
  #asked = new Map();

  /**
   * A request is sent.
   *
   * @param {string} request
   * @param {number} now
   */
  asked(request, now) {
    this.#asked.set(request, now);
    if (this.#asked.size > MAX_QUESTIONS) this.#asked.delete(this.#asked.keys().next().value ?? "");
  }

  /**
   * An answer came.
   *
   * @param {string} request
   * @param {number} now
   */
  answered(request, now) {
    const askedAt = this.#asked.get(request);
    if (askedAt === undefined) return;
    this.#asked.delete(request);
    this.lastMs = 1000 * (now - askedAt);
  }

  /** No answer will come: the connection is gone. */
  forgetQuestions() {
    this.#asked.clear();
  }
}
