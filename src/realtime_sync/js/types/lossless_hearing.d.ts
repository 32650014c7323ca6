/**
 * @param {Event} event
 * @returns {boolean} Whether it may be lost.
 */
export function isOrdinary([, , serial]: Event): boolean;
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
    heard: Heard | null;
    /**
     * Return which of a frame's events are for the application, and which lossless ones are lost.
     *
     * @param {string} epoch The frame's.
     * @param {Event[]} events Those that it carries, in order; ordinary ones pass.
     * @param {number} [serial] Of the last lossless event up to the frame; 0 when it does not say.
     * @returns {[Event[], Lost[]]}
     */
    hear(epoch: string, events: Event[], serial?: number): [Event[], Lost[]];
    /**
     * There is no document yet, and `serial` lossless events went before: those are not for who comes just now.
     *
     * @param {string} epoch
     * @param {number} serial
     * @returns {Lost[]}
     */
    wait(epoch: string, serial: number): Lost[];
    /**
     * The epoch ended with the lossless event `serial`: return those that will not come any more.
     *
     * @param {string} epoch
     * @param {number} serial
     * @returns {Lost[]}
     */
    end(epoch: string, serial: number): Lost[];
    #private;
}
export type Event = import("./frames.js").Event;
/**
 * Which lossless events an application has got: of one epoch all up to a number. It outlives the document.
 */
export type Heard = {
    epoch: string;
    /**
     * Of the last one; 0 for none.
     */
    serial: number;
};
/**
 * Lossless events that will never come.
 */
export type Lost = {
    /**
     * The life of the channel's log that numbered them.
     */
    epoch: string;
    /**
     * Number of the first of them.
     */
    first: number;
    /**
     * Number of the last; null: the epoch ended, and nobody knows how many there were, if any.
     */
    last: number | null;
};
