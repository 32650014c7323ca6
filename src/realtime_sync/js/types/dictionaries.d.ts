/**
 * Tell whether the body of a message claims to be a dictionary.
 *
 * @param {unknown} body
 * @returns {body is Record<string, unknown>}
 */
export function isDictionary(body: unknown): body is Record<string, unknown>;
/** The newest dictionaries of one channel; they outlive connections. */
export class Dictionaries {
    /** @param {Limits} limits */
    constructor(limits: Limits);
    /** The ids of those that are here. */
    get ids(): string[];
    /** @param {string} id */
    get(id: string): Uint8Array<ArrayBufferLike> | undefined;
    /**
     * Take one that the server sent.
     *
     * @param {unknown} body
     * @param {(name: string) => Codec} codecOf Returns the codec of that name; throws when there is none.
     * @returns {number} How many bytes it took to send it.
     * @throws {import("./errors.js").ProtocolError} It is none, or not what its id says.
     */
    add(body: unknown, codecOf: (name: string) => Codec): number;
    #private;
}
export type Codec = import("./codec.js").Codec;
export type Limits = import("./limits.js").Limits;
