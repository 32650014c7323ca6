/** When a reader says how far it has read. */

/** A server lets 256 frames, or a megabyte, be unacknowledged: an eighth, or a sixteenth, keeps the stream flowing. */
export const ACK_FRAMES = 32;
export const ACK_BYTES = 64 * 1024;

/** After the last frame: what came in a burst is acknowledged once, and a quiet reader costs nothing. */
export const ACK_IDLE_S = 1;

/** Counts what was applied since the last acknowledgement. */
export class Acknowledgements {
  /**
   * When the next one is due although nothing more comes, in seconds; null: nothing is unacknowledged.
   *
   * @type {number | null}
   */
  deadline = null;
  #frames = 0;
  #bytes = 0;

  /**
   * Count a frame; return whether an acknowledgement is due at once.
   *
   * @param {number} sizeBytes
   * @param {number} now
   */
  applied(sizeBytes, now) {
    this.#frames++;
    this.#bytes += sizeBytes;
    this.deadline = now + ACK_IDLE_S;
    return this.#frames >= ACK_FRAMES || this.#bytes >= ACK_BYTES;
  }

  /** @param {number} now */
  isDue(now) {
    return this.deadline !== null && now >= this.deadline;
  }

  /** All was acknowledged, or there is nobody to tell. */
  reset() {
    this.deadline = null;
    this.#frames = this.#bytes = 0;
  }
}
