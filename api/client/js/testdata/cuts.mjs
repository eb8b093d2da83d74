// Watches the product p, checks each frame against the one before, and prints the position of each.

import "./node.mjs";
import { Client } from "../index.js";

const client = new Client(process.argv[2]);
const wrong = (text) => { console.error(text); process.exit(1); };
// The server may answer with a snapshot what it can't sum up; so it does now and then.
let at = 0, left = 0, snapshots = Number(process.argv[3]);
for await (const { snapshot, position, data } of client.watch(["product:p"])) {
  if (snapshot && (position < at || snapshots-- === 0)) wrong(`a snapshot too many at ${position}, after ${at}`);
  if (!snapshot && (data.previous !== at || position <= at)) wrong(`from ${data.previous} to ${position}, after ${at}`);
  if (!snapshot && left + data.change !== data.remaining) wrong(`${left} and a change of ${data.change} are ${data.remaining}`);
  [at, left] = [position, data.remaining];
  console.log(`${at} ${left}`);
}
