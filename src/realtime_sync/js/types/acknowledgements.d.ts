/** When a reader says how far it has read. */
/** A server lets 256 frames, or a megabyte, be unacknowledged: an eighth, or a sixteenth, keeps the stream flowing. */
export const ACK_FRAMES: 32;
export const ACK_BYTES: number;
/** After the last frame: what came in a burst is acknowledged once, and a quiet reader costs nothing. */
export const ACK_IDLE_S: 1;
/** Counts what was applied since the last acknowledgement. */
export class Acknowledgements {
    /**
     * When the next one is due although nothing more comes, in seconds; null: nothing is unacknowledged.
     *
     * @type {number | null}
     */
    deadline: number | null;
    /**
     * Count a frame; return whether an acknowledgement is due at once.
     *
     * @param {number} sizeBytes
     * @param {number} now
     */
    applied(sizeBytes: number, now: number): boolean;
    /** @param {number} now */
    isDue(now: number): boolean;
    /** All was acknowledged, or there is nobody to tell. */
    reset(): void;
    #private;
}
