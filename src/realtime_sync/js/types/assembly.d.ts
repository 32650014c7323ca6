/**
 * Tell whether the body of a message claims to be a part.
 *
 * @param {unknown} body
 * @returns {body is Record<string, unknown>}
 */
export function isPart(body: unknown): body is Record<string, unknown>;
/**
 * @param {unknown} body
 * @returns {Part}
 * @throws {ProtocolError} It is none.
 */
export function parsePart(body: unknown): Part;
/**
 * Return what is bytes to a browser or to Node.
 *
 * @param {unknown} body
 * @returns {Uint8Array | null} Null when it is not bytes.
 */
export function toBytes(body: unknown): Uint8Array | null;
/**
 * Joins the parts of one frame at a time: exactly in order, from the first to the last.
 *
 * Whatever is not the next part ends what was begun; a first part begins anew. So a frame whose sending was broken off
 * costs nothing but itself, and what is kept never exceeds `maxBytes`.
 */
export class Assembly {
    /** @param {number} maxBytes */
    constructor(maxBytes: number);
    /** Forget what was begun. */
    drop(): void;
    /**
     * Take a part; return the frame when it is whole.
     *
     * @param {Part} part
     * @param {string} codec Its name, for the errors.
     * @returns {Whole | null}
     * @throws {LimitExceeded} It is larger than allowed; it was dropped.
     */
    add({ data, ...part }: Part, codec: string): Whole | null;
    #private;
}
/**
 * One piece of an encoded frame that is larger than one message may be; it travels in the place of a frame.
 */
export type Part = {
    /**
     * Of the frame that the pieces make up.
     */
    id: string;
    /**
     * Which piece, from 0.
     */
    index: number;
    /**
     * How many there are.
     */
    count: number;
    /**
     * Of text: in UTF-8.
     */
    data: Uint8Array;
    /**
     * Whether the frame is JSON text, as it is for codec `json`.
     */
    isText: boolean;
};
/**
 * A frame that came in parts.
 */
export type Whole = {
    bytes: Uint8Array;
    isText: boolean;
};
