/**
 * Return `value` as JSON short enough for an error message.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function brief(value: unknown): string;
/**
 * Everything that this package throws or rejects with.
 *
 *     SyncError
 *      +-- PatchError             a patch that cannot be applied
 *      +-- ProtocolError          a message that PROTOCOL.md does not know
 *      |    +-- DecodeError       bytes that are no frame of their codec
 *      |         +-- LimitExceeded      more than the limits allow
 *      |         +-- UnknownDictionary  compressed with a dictionary that is not here
 *      +-- MessageTooLarge        more than the server would take, so it was not sent
 *      +-- SubscriptionRefused    the server said no
 *      +-- ChannelClosed          the channel was deleted by the server, or closed here
 *      +-- FetchFailed            a value could not be fetched
 */
/** Root of all errors of this package. */
export class SyncError extends Error {
}
/** A patch that cannot be applied; the document is unchanged. */
export class PatchError extends SyncError {
    /**
     * @param {string} problem What is wrong.
     * @param {{index?: number, operation?: unknown}} [where] Which operation, counted from 0, and the operation itself.
     */
    constructor(problem: string, { index, operation }?: {
        index?: number;
        operation?: unknown;
    });
    problem: string;
    index: number | undefined;
    operation: unknown;
}
/** A message that PROTOCOL.md does not know. */
export class ProtocolError extends SyncError {
}
/** Bytes that are no frame of their codec. */
export class DecodeError extends ProtocolError {
    /**
     * @param {string} codec Name of the codec.
     * @param {string} problem What is wrong with the bytes.
     */
    constructor(codec: string, problem: string);
    codec: string;
    problem: string;
}
/** More than the limits allow. */
export class LimitExceeded extends DecodeError {
    /**
     * @param {string} codec
     * @param {keyof import("./limits.js").Limits} limit Its name.
     * @param {number} allowed Its value.
     * @param {number} found What arrived; at least this much, when counting stopped early.
     */
    constructor(codec: string, limit: keyof import("./limits.js").Limits, allowed: number, found: number);
    limit: keyof import("./limits.js").Limits;
    allowed: number;
    found: number;
}
/** The bytes are compressed with a dictionary that is not here; the server sends it when asked. */
export class UnknownDictionary extends DecodeError {
    id: string;
}
/** Something larger than the server would take: it would end the connection. It was not sent. */
export class MessageTooLarge extends SyncError {
    /**
     * @param {string} subject What was to be sent.
     * @param {string} limit Name of the setting that is in the way.
     * @param {number} allowed Its value.
     * @param {number} found Size of what was to be sent, in bytes.
     */
    constructor(subject: string, limit: string, allowed: number, found: number);
    subject: string;
    limit: string;
    allowed: number;
    found: number;
}
/** The server refused a subscription. */
export class SubscriptionRefused extends SyncError {
    /**
     * @param {string} channel
     * @param {string} outcome The server's word: `forbidden`, `upgrade_required`, `too_many_channels` or `invalid`; or
     *   `unavailable` or `too_slow`, after which the channel asks again by itself.
     * @param {string} [detail] The server's text for a human.
     */
    constructor(channel: string, outcome: string, detail?: string);
    channel: string;
    outcome: string;
    detail: string;
}
/** The channel was deleted by the server, or closed here. */
export class ChannelClosed extends SyncError {
    /**
     * @param {string} channel
     * @param {string} reason What the one who closed it said.
     */
    constructor(channel: string, reason: string);
    channel: string;
    reason: string;
}
/** A value could not be fetched. */
export class FetchFailed extends SyncError {
    /**
     * @param {string} channel
     * @param {string} pointer
     * @param {string} outcome The server's word (`forbidden`, `not_found`, `waiting`, ...), or `timeout` when no answer
     *   came.
     */
    constructor(channel: string, pointer: string, outcome: string);
    channel: string;
    pointer: string;
    outcome: string;
}
