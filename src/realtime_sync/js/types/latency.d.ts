/** Measures from a request to the first message that answers it. */
export class Latency {
    /** The newest measurement; null before the first. @type {number | null} */
    lastMs: number | null;
    /**
     * A request is sent.
     *
     * @param {string} request
     * @param {number} now
     */
    asked(request: string, now: number): void;
    /**
     * An answer came.
     *
     * @param {string} request
     * @param {number} now
     */
    answered(request: string, now: number): void;
    /** No answer will come: the connection is gone. */
    forgetQuestions(): void;
    #private;
}
