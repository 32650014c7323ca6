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
 *      +-- SubscriptionRefused    the server said no
 *      +-- ChannelClosed          the channel was deleted by the server, or closed here
 *      +-- FetchFailed            a value could not be fetched
 */
/** Root of all errors of this package. */
export class SyncError extends Error {
    /** @param {string} message */
    constructor(message: string);
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
/** The server refused a subscription. */
export class SubscriptionRefused extends SyncError {
    /**
     * @param {string} channel
     * @param {string} outcome The server's word: `forbidden`, `upgrade_required`, `too_many_channels` or `invalid`.
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
