/** A loader hook: `io()` of socket.io-client returns the socket of the test that runs. */

const MODULE = "data:text/javascript,export const io = () => globalThis.ioOfThisTest;";

export async function resolve(specifier, context, next) {
  return specifier === "socket.io-client" ? { url: MODULE, shortCircuit: true } : next(specifier, context);
}
