// Calls every method of Client with made-up values, and prints each request: the method's name, the
// request's method and path, and whether it has an Idempotency-Key.

import { Client } from "../index.js";

let asked = [];
const fetch = async (url, { method, headers }) => {
  asked.push(`${method} ${new URL(url).pathname} ${"Idempotency-Key" in headers}`);
  return new Response('{"items":[],"next":null,"answers":[]}');
};
const client = new Client("http://server.example", { fetch, patience: 0 });

const general = ["constructor", "call", "text", "list", "watch"];
const names = [Client.prototype, Object.getPrototypeOf(Client.prototype)].flatMap((of) => Object.getOwnPropertyNames(of));
for (const name of names.filter((name) => !general.includes(name) && !(name in Object.prototype))) {
  asked = [];
  const values = name === "batch" ? [[]] : Array(client[name].length - 1).fill("x"); // the last are options
  const answer = client[name](...values);
  await (answer.next?.() ?? answer);
  for (const request of asked) console.log(name, request);
  if (asked.length !== 1) throw new Error(`${name} made ${asked.length} requests`);
}
