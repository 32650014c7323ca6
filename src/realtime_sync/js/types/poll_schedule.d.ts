/**
 * Return the delays between polls: `intervalS`, and after failures longer and longer, as `backoff` says.
 *
 * @param {number} intervalS
 * @param {Backoff} backoff
 */
export function pollPace(intervalS: number, backoff: Backoff): Backoff;
export const DEFAULT_INTERVAL_S: 2;
/** An answer counts until the one after the next is due: one that is a little late changes nothing that a user sees. */
export const CONFIRMED_INTERVALS: 2;
/** One question at a time, for one channel. */
export class PollSchedule {
    /** @param {Backoff} pace Its first delay is the interval; the others follow failures. */
    constructor(pace: Backoff);
    /** Whether questions are asked. */
    isOn: boolean;
    /** Questions since the last answer that helped. */
    failures: number;
    /** When the next question is due, or the last answer no longer counts; null: not before the next answer. */
    get deadline(): number | null;
    /** Whether an answer came that still counts. */
    get isConfirmed(): boolean;
    /**
     * There is no connection.
     *
     * @param {number} now
     * @param {boolean} atOnce Whether to ask now, and not after an interval: most connections that were lost are back by
     *   then, and those of a server that restarts were lost by all of its clients in one instant.
     */
    begin(now: number, atOnce: boolean): void;
    /** The connection is back, or there is no point in asking. */
    end(): void;
    /**
     * Return whether a question is due; forget an answer that no longer counts.
     *
     * @param {number} now
     */
    look(now: number): boolean;
    /** @param {string} request The id of the question that is under way. */
    asked(request: string): void;
    /**
     * Return whether the question of that id is the one that was waited for; it no longer is.
     *
     * @param {string} request
     */
    settle(request: string): boolean;
    /** @param {number} now The answer says what there is. */
    helped(now: number): void;
    /** @param {number} now No answer came, or none that helped. */
    failed(now: number): void;
    /** @param {number} now The answer showed that another question has to be asked. */
    askAgain(now: number): void;
    #private;
}
import { Backoff } from "./backoff.js";
