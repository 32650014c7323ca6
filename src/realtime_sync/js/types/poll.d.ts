/**
 * Post a question and return the body of the reply.
 *
 * @param {Poll} poll
 * @param {object} message
 * @param {Readonly<Limits>} limits
 * @returns {Promise<Uint8Array>} Rejects with `ProtocolError` for what is no reply, `LimitExceeded` for one that is too
 *   large, and with whatever `fetch` rejects with.
 */
export function post({ url, fetch }: Poll, message: object, limits: Readonly<Limits>): Promise<Uint8Array>;
/**
 * Return the answer in a reply, and the frame that came with it.
 *
 * @param {Uint8Array} bytes
 * @param {Readonly<Limits>} limits
 * @returns {{answer: Answer, frame: Frame | null}}
 * @throws {ProtocolError} It is no reply, or larger than `limits` allows.
 */
export function parseReply(bytes: Uint8Array, limits: Readonly<Limits>): {
    answer: Answer;
    frame: Frame | null;
};
export const POLL_TIMEOUT_MS: 10000;
export type Answer = import("./frames.js").Answer;
export type Frame = import("./frames.js").Frame;
export type Limits = import("./limits.js").Limits;
/**
 * Where and how to ask while Socket.IO has no connection.
 */
export type Poll = {
    /**
     * Where the server answers polls (`polling_app` and `polling_view` in Python).
     */
    url: string;
    /**
     * Seconds from a reply to the next question about that channel; 2 unless given.
     */
    intervalS?: number;
    /**
     * What asks, for headers and credentials of your own; unless given: the `fetch` that is there.
     */
    fetch?: Fetch;
};
/**
 * What `poll` needs of `fetch`.
 */
export type Fetch = (url: string, request: {
    method: "POST";
    headers: Record<string, string>;
    body: string;
    cache: "no-store";
    signal: AbortSignal;
}) => Promise<Pick<Response, "status" | "body" | "arrayBuffer">>;
