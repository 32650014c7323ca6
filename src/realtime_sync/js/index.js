/** Live documents over Socket.IO: the client of realtime_sync. */

export { connect, WIRE_VERSION } from "./hub.js";
export { Backoff } from "./backoff.js";
export { binaryCodec, parseJson } from "./codecs.js";
export { applyPatch } from "./patch.js";
export { jsonEquals } from "./equality.js";
export { Replica } from "./replica.js";
export { ChannelClosed, FetchFailed, PatchError, ProtocolError, SubscriptionRefused, SyncError } from "./errors.js";

/**
 * @template [T=any]
 * @typedef {import("./channel.js").Channel<T>} Channel
 */

/**
 * @typedef {import("./channel.js").Status} Status
 * @typedef {import("./hub.js").Codec} Codec
 * @typedef {import("./hub.js").Hub} Hub
 * @typedef {import("./hub.js").Options} Options
 * @typedef {import("./hub.js").SocketLike} SocketLike
 * @typedef {import("./hub.js").Stats} Stats
 * @typedef {import("./patch.js").Operation} Operation
 * @typedef {import("./position.js").Position} Position
 */
