/**
 * Frames as arrays, for codecs that a person does not read: consecutive operations that share a parent say it once.
 *
 *     [["/all_nodes/n7", "~full_result", " next tokens", "=status", "DONE"]]
 *
 * Source: PROTOCOL.md, section 4.
 */

import { isContainer } from "./equality.js";
import { LimitExceeded, ProtocolError, brief } from "./errors.js";
import { makeClosed, makeDelta, makeKeyframe, members, parseFrame, refuseManyOperations, require } from "./frames.js";
import { isOffset } from "./position.js";

/**
 * @typedef {import("./frames.js").Frame} Frame
 * @typedef {import("./limits.js").Limits} Limits
 * @typedef {import("./patch.js").Operation} Operation
 */

/**
 * What the first character of a word means, and which member of the operation follows the word.
 *
 * @type {Map<string, [name: string, operand: "value" | "from" | null]>}
 */
const WORDS = new Map([
  ["=", ["replace", "value"]],
  ["+", ["add", "value"]],
  ["~", ["append", "value"]],
  ["?", ["test", "value"]],
  ["-", ["remove", null]],
  [">", ["move", "from"]],
  [":", ["copy", "from"]],
]);

/**
 * Return the frame that a decoded value means, in whichever of its two forms.
 *
 * @param {unknown} value
 * @param {Limits} limits
 * @returns {Frame}
 * @throws {ProtocolError} It is no frame, or more than `limits` allows.
 */
export function readFrame(value, limits) {
  return Array.isArray(value) ? parseCompact(value, limits) : parseFrame(value, limits);
}

/**
 * @param {any[]} wire
 * @param {Limits} limits
 * @returns {Frame}
 */
function parseCompact([type, epoch, ...rest], limits) {
  if (type === "d" && rest.length >= 3) {
    const [base, steps, changes] = rest;
    require(isOffset(base) && isOffset(steps), "base and steps are integers from 0", [base, steps]);
    require(Array.isArray(changes), "changes is a list", changes);
    return makeDelta(epoch, base, base + steps, patchOf(changes, limits), extraOf(rest.slice(3)), limits);
  }
  if (type === "k" && rest.length >= 2) return makeKeyframe(epoch, rest[0], rest[1], extraOf(rest.slice(2)));
  if (type === "c" && rest.length >= 1) return makeClosed(epoch, rest[0], extraOf(rest.slice(1)));
  throw new ProtocolError(`no frame: ${brief([type, epoch, ...rest])}`);
}

/** @param {unknown[]} rest */
function extraOf(rest) {
  require(rest.length <= 1, "one object at most ends a frame", rest);
  return rest.length === 0 ? {} : members(rest[0], "frame's last element");
}

/**
 * Return the operations that `changes` mean, in their order; they share its values.
 *
 * @param {unknown[]} changes Operations as they are, and groups: [parent, word, operand?, word, operand?, ...].
 * @param {Limits} limits
 * @returns {Operation[]}
 */
function patchOf(changes, limits) {
  const patch = new GrowingPatch(limits);
  for (const change of changes) {
    if (Array.isArray(change)) patch.ungroup(change);
    else {
      require(isContainer(change), "a change is an operation or a group", change);
      patch.add(change);
    }
  }
  return patch.operations;
}

/** Operations within limits, of which the length of all paths is one: 10 kB can say 10 kB of parent 5,000 times. */
class GrowingPatch {
  #limits;
  #pathBytes = 0;
  /** @type {any[]} */
  operations = [];

  /** @param {Limits} limits */
  constructor(limits) {
    this.#limits = limits;
  }

  /** @param {object} operation */
  add(operation) {
    this.operations.push(operation);
    refuseManyOperations(this.operations.length, this.#limits);
  }

  /** @param {any[]} group */
  ungroup(group) {
    const [parent] = group;
    require(parent === null || typeof parent === "string", "a group begins with its parent", parent);
    require(group.length > 1, "a group has a word", group);
    for (let at = 1; at < group.length; at++) {
      const word = group[at];
      const [op, operand] = (typeof word === "string" && WORDS.get(word[0])) || NO_WORD;
      require(op !== null, "a word begins with one of = + ~ ? - > :", word);
      const path = this.#path(parent, word);
      if (operand === null) this.add({ op, path });
      else {
        require(++at < group.length, "a group does not end with a word that something must follow", word);
        this.add({ op, path, [operand]: group[at] });
      }
    }
  }

  /** @param {string | null} parent @param {string} word */
  #path(parent, word) {
    if (parent === null) {
      require(word.length === 1, "nothing of the root's own parent has a name", word);
      return "";
    }
    const path = `${parent}/${word.slice(1)}`;
    const { maxDecodedBytes } = this.#limits;
    this.#pathBytes += IS_ASCII.test(path) ? path.length : 4 * Array.from(path).length; // as Python counts
    if (this.#pathBytes > maxDecodedBytes) {
      throw new LimitExceeded("frame", "maxDecodedBytes", maxDecodedBytes, this.#pathBytes);
    }
    return path;
  }
}

/** @type {[null, null]} */
const NO_WORD = [null, null];

const IS_ASCII = /^[\0-\x7f]*$/;
