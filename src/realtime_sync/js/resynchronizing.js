/** Why a document is not the newest one, from the first cause until it is again. */

/**
 * @typedef {import("./position.js").Position} Position
 */

/**
 * Why a document had to be brought up to date by other means than the next delta: the first cause counts.
 *
 * - `reconnect`: the connection was lost, and is back
 * - `gap`: a frame is missing
 * - `epoch`: a frame came of another life of the channel
 * - `garbage`: something came that is no frame
 * - `dictionary`: a frame came that needs a dictionary which is not held
 * - `patch`: a patch did not fit
 * - `checksum`: the document was wrong; a checksum did not hold
 * - `slow`: this end did not keep up, and was sent nothing for a while
 *
 * @typedef {"reconnect" | "gap" | "epoch" | "garbage" | "dictionary" | "patch" | "checksum" | "slow"} ResyncReason
 */

/**
 * The document is the newest again; what changed meanwhile came in one piece.
 *
 * @typedef {object} Resynced
 * @property {"resynced"} type
 * @property {ResyncReason} reason Why it was not.
 * @property {Position} fromPosition Of the document that was shown until then.
 * @property {Position} toPosition Where it is now; equal when nothing was missed. Of another epoch when the server began
 *   anew.
 */

/** Keeps the first cause of several. An application that has seen no document yet misses none. */
export class Resynchronizing {
  /** @type {{reason: ResyncReason, fromPosition: Position} | null} */
  #begun = null;

  /**
   * From now on the document that is shown may not be the newest; without effect when that was known.
   *
   * @param {ResyncReason} reason
   * @param {Position | null} shown
   */
  begin(reason, shown) {
    if (shown !== null) this.#begun ??= { reason, fromPosition: shown };
  }

  /**
   * The document at `position` is the newest: return what is to be told, if anything.
   *
   * @param {Position} position
   * @returns {Resynced | null}
   */
  end(position) {
    const begun = this.#begun;
    this.#begun = null;
    return begun && { type: "resynced", ...begun, toPosition: position };
  }

  /** Nobody brings it up to date any more. */
  giveUp() {
    this.#begun = null;
  }
}
