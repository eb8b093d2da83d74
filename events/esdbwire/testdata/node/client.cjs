// A foreign client of the log: appends, reads, follows and deletes with
// EventStoreDB's own client for Node, and prints what it sees, a line for each step.
// The only argument is a connection string.
"use strict";
const {
  EventStoreDBClient, jsonEvent, binaryEvent, eventTypeFilter,
  START, END, BACKWARDS, NO_STREAM, STREAM_EXISTS, ANY,
} = require("@eventstore/db-client");

const client = EventStoreDBClient.connectionString(process.argv[2]);
const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const say = (what, value) =>
  console.log(`${what}: ${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? Number(v) : v))}`);

// refused says how a call failed.
async function refused(what, call) {
  try {
    say(what, { unexpected: await call() });
  } catch (error) {
    say(what, { type: error.type, expected: error.expectedVersion, actual: error.actualVersion, stream: error.streamName, max: error.maxAppendSize });
  }
}

const brief = ({ event }) => [
  Number(event.revision), event.type, event.isJson ? event.data : Buffer.from(event.data).toString("hex"), event.id,
  event.created > new Date(Date.now() - 3600e3), event.metadata,
];

async function all(reading, map = brief) {
  const seen = [];
  for await (const e of reading) seen.push(map(e));
  return seen;
}

async function writes() {
  const events = [1, 2, 3].map((n) => jsonEvent({ id: id(n), type: "made", data: { n }, metadata: { by: "node" } }));
  const first = await client.appendToStream("node-1", events, { expectedRevision: NO_STREAM });
  say("append", { success: first.success, revision: first.nextExpectedRevision, position: typeof first.position.commit });
  const again = await client.appendToStream("node-1", events, { expectedRevision: NO_STREAM });
  say("the same again", { revision: again.nextExpectedRevision, same: again.position.commit === first.position.commit });
  const bytes = binaryEvent({ id: id(4), type: "bytes", data: Buffer.from([0, 255]) });
  say("append bytes", (await client.appendToStream("node-1", bytes, { expectedRevision: 2n })).nextExpectedRevision);
  await refused("append at a revision that is gone", () =>
    client.appendToStream("node-1", jsonEvent({ type: "made", data: {} }), { expectedRevision: 1n }));
  await refused("append to a stream that is not there", () =>
    client.appendToStream("node-2", jsonEvent({ type: "made", data: {} }), { expectedRevision: STREAM_EXISTS }));
  await refused("append too much", () =>
    client.appendToStream("node-1", jsonEvent({ type: "made", data: { x: "x".repeat(1 << 20) } })));
  // Not waited for one by one, and large enough to be sent in pieces.
  const many = await Promise.all([...Array(50).keys()].map((n) =>
    client.appendToStream("node-many", [...Array(8).keys()].map((k) =>
      jsonEvent({ type: "made", data: { n, k, x: "x".repeat(10000) } })), { expectedRevision: ANY })));
  say("append many at once", many.map((r) => Number(r.nextExpectedRevision)));
}

async function reads() {
  say("read", await all(client.readStream("node-1")));
  say("read backwards", await all(client.readStream("node-1", { direction: BACKWARDS, fromRevision: END, maxCount: 2 })));
  say("read on from 2", await all(client.readStream("node-1", { fromRevision: 2n })));
  await refused("read what is not there", () => all(client.readStream("nothing")));
  const positions = await all(client.readAll(), (e) => e.event.position.commit);
  say("read all", { count: positions.length, increasing: positions.every((p, i) => i === 0 || p > positions[i - 1]) });
  const last = await all(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 2 }), (e) => [e.event.streamId, e.event.revision]);
  say("read all backwards", last);
}

// follow collects what a subscription sends until enough says so.
function follow(subscription, enough) {
  return new Promise((done, failed) => {
    const seen = { types: [], caughtUp: false };
    const check = async () => seen.caughtUp && enough(seen) && (await subscription.unsubscribe(), done(seen));
    subscription.on("error", failed);
    subscription.on("caughtUp", () => { seen.caughtUp = true; check(); });
    subscription.on("data", (e) => { seen.types.push(`${e.event.type}@${e.event.revision}`); check(); });
  });
}

async function follows() {
  const add = (n) => client.appendToStream("node-1", jsonEvent({ type: `live-${n}`, data: {} }));
  const stream = follow(client.subscribeToStream("node-1", { fromRevision: 1n }), (s) => s.types.includes("live-2@5"));
  let checkpoints = 0;
  const filter = eventTypeFilter({ prefixes: ["live-", "bytes"], checkpointInterval: 1, maxSearchWindow: 8, checkpointReached: async () => { checkpoints++; } });
  const log = follow(client.subscribeToAll({ fromPosition: START, filter }), (s) => s.types.includes("live-2@5"));
  await add(1);
  await add(2);
  say("follow a stream", await stream);
  say("follow the log", await log);
  say("checkpoints", checkpoints > 10);
}

async function ends() {
  await client.setStreamMetadata("node-1", { maxCount: 2, mine: "yes" });
  say("metadata", (await client.getStreamMetadata("node-1")).metadata);
  say("read what is left", (await all(client.readStream("node-1"))).map((e) => e[0]));
  await refused("delete at a revision that is gone", () => client.deleteStream("node-1", { expectedRevision: 1n }));
  say("delete", typeof (await client.deleteStream("node-1", { expectedRevision: 5n })).position.commit);
  await refused("read what is deleted", () => all(client.readStream("node-1")));
  say("append again", (await client.appendToStream("node-1", jsonEvent({ type: "back", data: {} }))).nextExpectedRevision);
  say("tombstone", typeof (await client.tombstoneStream("node-1")).position.commit);
  await refused("read what is ended", () => all(client.readStream("node-1")));
  await refused("append to what is ended", () => client.appendToStream("node-1", jsonEvent({ type: "late", data: {} })));
}

(async () => {
  await writes();
  await reads();
  await follows();
  await ends();
  await client.dispose();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
