/**
 * What a message brought. `size` is that of the frame as it came, in bytes; of a plain object about that, and no more than
 * tells whether to acknowledge it at once.
 *
 * @typedef {{type: "frame", frame: Frame, size: number} | {type: "answer"} | {type: "part"}} Arrival
 */
/** The way from the bodies of messages to the frames of one channel: its codec, its dictionaries, parts of a frame. */
export class Incoming {
    /**
     * @param {ReadonlyMap<string, Codec | null>} codecs Those that were offered, by name.
     * @param {Readonly<Limits>} limits
     */
    constructor(codecs: ReadonlyMap<string, Codec | null>, limits: Readonly<Limits>);
    /** The ids of the dictionaries that are here. */
    get dictionaries(): string[];
    /** A new connection: what was agreed on the last one, and what was under way, is void. */
    reset(): void;
    /** Whatever was begun is over. */
    dropParts(): void;
    /** Return what was counted since the last call. */
    takeCounts(): {
        bytes: number;
        dictionaryBytes: number;
    };
    /**
     * @param {unknown} body
     * @param {Answer | null} answer
     * @returns {Arrival}
     * @throws {ProtocolError} It cannot be read. `UnknownDictionary`: not yet.
     */
    receive(body: unknown, answer: Answer | null): Arrival;
    #private;
}
export type Whole = import("./assembly.js").Whole;
export type Codec = import("./codec.js").Codec;
export type Answer = import("./frames.js").Answer;
export type Frame = import("./frames.js").Frame;
export type Limits = import("./limits.js").Limits;
/**
 * What a message brought. `size` is that of the frame as it came, in bytes; of a plain object about that, and no more than
 * tells whether to acknowledge it at once.
 */
export type Arrival = {
    type: "frame";
    frame: Frame;
    size: number;
} | {
    type: "answer";
} | {
    type: "part";
};
