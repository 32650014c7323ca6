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
    constructor({ baseS, factor, capS, jitter, attempts, random }?: {
        baseS?: number | undefined;
        factor?: number | undefined;
        capS?: number | undefined;
        jitter?: number | undefined;
        attempts?: number | undefined;
        random?: (() => number) | undefined;
    });
    baseS: number;
    factor: number;
    capS: number;
    jitter: number;
    attempts: number;
    random: () => number;
    /**
     * Return the seconds to wait after a failed attempt.
     *
     * @param {number} attempt How many attempts failed before this one.
     * @returns {number}
     */
    delayS(attempt: number): number;
}
/** An answer that did not come in 2 s was probably lost; a server in trouble is asked less and less often. */
export const REQUEST_BACKOFF: Backoff;
