/** An application in strict TypeScript; it is compiled, never run. */

import {
  type Channel,
  type Codec,
  type Hub,
  type Poll,
  type Position,
  type Stats,
  type Status,
  Backoff,
  ChannelClosed,
  LimitExceeded,
  MessageTooLarge,
  SubscriptionRefused,
  applyPatch,
  connect,
  jsonEquals,
} from "@realtime-sync/client";
import { ALL_CODECS, msgpackZstd } from "@realtime-sync/client/codecs";
import { useChannel, useStatus } from "@realtime-sync/client/react";
import { type Socket, io } from "socket.io-client";

interface Project {
  all_nodes: Record<string, { title: string; progress: number }>;
}

interface ServerEvents {
  batch_update: (channel: string, body: unknown, answer?: unknown) => void;
}

const own: Codec = { name: "own", decode: (bytes, { limits }) => [bytes.length, limits.maxDepth] };
const codecs: Codec[] = [own, msgpackZstd];
connect(io(), { codecs: ALL_CODECS, limits: { maxElements: 1_000_000 } }).close();
const hub: Hub = connect(io(), { codecs: [...codecs, "json"], backoff: new Backoff({ baseS: 1, jitter: 0 }) });
const typedSocket: Socket<ServerEvents> = io();
connect(typedSocket).close();
const poll: Poll = { url: "/poll", intervalS: 5, fetch: (url, request) => fetch(url, { ...request, credentials: "include" }) };
const polling: boolean = connect(io(), { poll }).isPolling;
connect(io(), { poll: { url: "/poll", fetch } }).close();
const latency: number | null = hub.stats.latencyMs;

const project: Channel<Project> = hub.channel<Project>("project_42");
const { subscribe, getSnapshot } = project;
const off: () => void = subscribe(() => {
  const title: string | undefined = getSnapshot()?.all_nodes["n7"]?.title;
  const status: Status = project.status;
  const position: Position | null = project.position;
  console.log(title, status, position?.epoch, position?.offset);
});
project.select("/all_nodes/n7", (value, previous) => console.log(value, previous))();
project.on("task_update", (data, name) => console.log(data.task_id, name))();
const loaded: Promise<Project> = project.ready();
loaded.catch((error: unknown) => {
  if (error instanceof SubscriptionRefused) console.log(error.outcome, error.detail);
  if (error instanceof ChannelClosed) console.log(error.reason);
  if (error instanceof LimitExceeded) console.log(error.codec, error.limit, error.allowed, error.found);
  if (error instanceof MessageTooLarge) console.log(error.allowed, error.found);
});
void project.fetch("/all_nodes/n7/full_result").then((text: string) => text.length);
const stats: Stats = hub.stats;
console.log(
  stats.frames,
  stats.bytes ?? 0,
  project.error?.message,
  jsonEquals(1, 1),
  applyPatch({}, [{ op: "remove", path: "/a" }]),
);
off();
project.close();

const anything = hub.channel("untyped").getSnapshot();
console.log(anything.whatever);

export function Title({ id }: { id: string }): string {
  const title: string | undefined = useChannel(project, (document) => document.all_nodes[id]?.title);
  const whole: Project | undefined = useChannel(project);
  const progress = useChannel(
    project,
    (document) => [document.all_nodes[id]?.progress ?? 0],
    (a, b) => a[0] === b[0],
  );
  const first: number | undefined = progress?.[0];
  const none: unknown = useChannel(null);
  return `${title} ${first} ${whole} ${none} ${useStatus(project)}`;
}

// What must not compile.
// @ts-expect-error a snapshot may be undefined
getSnapshot().all_nodes;
// @ts-expect-error the document has no such member
getSnapshot()?.nodes;
// @ts-expect-error only json needs no decoder
connect(io(), { codecs: ["msgpack"] });
// @ts-expect-error an address is needed
connect(io(), { poll: { intervalS: 2 } });
// @ts-expect-error a limit that there is not
connect(io(), { limits: { maxSize: 1 } });
// @ts-expect-error a socket is needed
connect("http://localhost");
// @ts-expect-error a status is one of a few words
const status: Status = "broken";
// @ts-expect-error what stands behind a channel is not public
project.receive(null, null);
// @ts-expect-error a selection is undefined before the first document
const selected: string = useChannel(project, () => "x");
console.log(status, selected);
