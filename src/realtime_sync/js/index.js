/** Live documents over Socket.IO: the client of realtime_sync. */

export { connect, WIRE_VERSION } from "./hub.js";
export { Backoff } from "./backoff.js";
export { reconnect, reconnectOptions } from "./reconnect.js";
export { jsonDeflate, jsonDeflateDictionary } from "./default_codecs.js";
export { DEFAULT_LIMITS } from "./limits.js";
export { applyPatch } from "./patch.js";
export { jsonEquals } from "./equality.js";
export { Replica } from "./replica.js";
export {
  ChannelClosed,
  DecodeError,
  FetchFailed,
  LimitExceeded,
  MessageTooLarge,
  PatchError,
  ProtocolError,
  SubscriptionRefused,
  SyncError,
} from "./errors.js";

/**
 * @template [T=any]
 * @typedef {import("./channel.js").Channel<T>} Channel
 */

/**
 * @typedef {import("./channel.js").Status} Status
 * @typedef {import("./codec.js").Codec} Codec
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./hub.js").Hub} Hub
 * @typedef {import("./hub.js").Options} Options
 * @typedef {import("./hub.js").SocketLike} SocketLike
 * @typedef {import("./hub.js").Stats} Stats
 * @typedef {import("./patch.js").Operation} Operation
 * @typedef {import("./poll.js").Poll} Poll
 * @typedef {import("./position.js").Position} Position
 * @typedef {import("./resynchronizing.js").ResyncReason} ResyncReason
 */
