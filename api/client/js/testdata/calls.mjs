// Calls whose answers are scripted: node calls.mjs, status 1 if something is wrong.

import "./node.mjs";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { AdmitoneError, Client, UnansweredError, checkWebhook, WebhookError } from "../index.js";

const problem = (status, code, after, more) => () => new Response(
  JSON.stringify({ status, code, detail: "d", request_id: "r", ...more }), { status, headers: after ? { "Retry-After": after } : {} });
const good = () => new Response('{"id":"r1"}');
const broken = () => { throw new TypeError("fetch failed"); };

// scripted returns a client whose requests get one answer after another, the last one again and again.
function scripted(answers, options) {
  const sent = [];
  const fetch = async (url, request) => { sent.push({ url, ...request }); return answers[Math.min(sent.length, answers.length) - 1](); };
  return [new Client("http://server.example", { fetch, ...options }), sent];
}
const keys = (sent) => sent.map(({ headers }) => headers["Idempotency-Key"]);

{ // What may have been done is sent again under the same key.
  const [client, sent] = scripted([problem(503, "log_unavailable", "0"), broken, problem(429, "overloaded", "0"), () => new Response("", { status: 502 }), good]);
  assert.equal((await client.reserve("p", { holder: "ada" })).id, "r1");
  assert.equal(sent.length, 5);
  assert.match(keys(sent)[0], /^[0-9a-f]{32}$/);
  assert.equal(new Set(keys(sent)).size, 1);
  await client.reserve("p", { holder: "ada" });
  assert.equal(new Set(keys(sent)).size, 2);
}
for (const after of ["0", "60"]) { // The time of all attempts is bounded.
  const [client, sent] = scripted([problem(503, "log_unavailable", after)], { patience: 300 });
  const error = await client.reserve("p", {}, { key: "k" }).catch((error) => error);
  assert.ok(error instanceof UnansweredError && error.key === "k" && error.code === "log_unavailable", String(error));
  assert.ok(after === "0" ? sent.length > 1 : sent.length === 1, `${sent.length} attempts`);
}
{ // A refusal is final.
  const [client, sent] = scripted([problem(409, "sold_out", "", { remaining: 2 }), good]);
  const error = await client.reserve("p", { quantity: 3 }).catch((error) => error);
  assert.ok(error instanceof AdmitoneError && error.code === "sold_out" && error.remaining === 2 && error.status === 409 && error.requestId === "r");
  assert.equal(sent.length, 1);
}
for (const [answer, attempts] of [[broken, 1], [problem(429, "overloaded", "0"), 2]]) { // So is an edit that may have been made.
  const [client, sent] = scripted([answer, good]);
  await client.editProduct("p", "e1", { name: "n" }).catch(() => {});
  assert.equal(sent.length, attempts);
  assert.equal(sent[0].headers["If-Match"], '"e1"');
  assert.equal(keys(sent)[0], undefined);
}
{ // A batch has no key, and its commands have.
  const [client, sent] = scripted([() => new Response('{"answers":[]}')]);
  await client.batch([{ method: "POST", path: "/v1/products/p/reservations" }, { method: "DELETE", path: "/v1/bookings/b" }]);
  const { commands } = JSON.parse(sent[0].body);
  assert.equal(keys(sent)[0], undefined);
  assert.match(commands[0].idempotency_key, /^[0-9a-f]{32}$/);
  assert.equal(commands[1].idempotency_key, undefined);
}
{ // A receipt stays as it is, byte by byte; parameters of a method join those of the query.
  const text = '{"event": {"amount": 9007199254740993}, "note":"\\u00e9"}';
  const [client, sent] = scripted([() => new Response(text), () => new Response('{"items":[],"next":null}')]);
  assert.equal(await client.bookingReceipt("b", { query: { revision: 0 } }), text);
  for await (const _ of client.findBookings("order 7", { query: { limit: 2 } }));
  assert.equal(sent[1].url, "http://server.example/v1/bookings?limit=2&reference=order+7");
}
{ // A list is read page by page, and no further than asked for.
  const [client, sent] = scripted([() => new Response('{"items":[{"id":"a"},{"id":"b"}],"next":"x y"}'), () => new Response('{"items":[{"id":"c"}],"next":null}')]);
  const ids = [];
  for await (const { id } of client.products({ query: { limit: 2 } })) ids.push(id);
  assert.deepEqual(ids, ["a", "b", "c"]);
  assert.equal(sent[1].url, "http://server.example/v1/products?limit=2&cursor=x+y");
  for await (const { id } of client.products()) if (id) break;
  assert.equal(sent.length, 3);
}
{ // Whatever is part of a path stays one segment of it; a call ends with its signal.
  const [client, sent] = scripted([good]);
  await client.wallet("https://id/7?a=b#c%+");
  assert.equal(sent[0].url, "http://server.example/v1/wallets/https%3A%2F%2Fid%2F7%3Fa%3Db%23c%25%2B");
  await assert.rejects(() => client.wallet(".."), TypeError);
  const [slow] = scripted([problem(503, "log_unavailable", "20")]);
  await assert.rejects(() => slow.wallet("ada", { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
}
{ // Webhooks: the example of the specification, and what is wrong with others.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", body = '{"test": 2432232314}', at = 1614265330_000;
  const headers = { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,AAAA v2,g0hM v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" };
  assert.equal((await checkWebhook(secret, headers, body, at + 240_000)).test, 2432232314);
  assert.equal((await checkWebhook(secret, new Headers(headers), body, at)).test, 2432232314);
  const proxied = { "Webhook-Id": headers["webhook-id"], "WEBHOOK-TIMESTAMP": "1614265330", "Webhook-Signature": ["v1,AAAA", headers["webhook-signature"]] };
  assert.equal((await checkWebhook(secret, proxied, body, at)).test, 2432232314);
  await assert.rejects(() => checkWebhook(secret, {}, body, at), { name: "WebhookError", message: /is missing/ });
  await assert.rejects(() => checkWebhook(secret, headers, body + " ", at), WebhookError);
  await assert.rejects(() => checkWebhook("whsec_AAAA", headers, body, at));
  await assert.rejects(() => checkWebhook(secret, headers, body, at + 360_000));
  await assert.rejects(() => checkWebhook(secret, headers, body, at - 360_000));
  await assert.rejects(() => checkWebhook(secret, { ...headers, "webhook-id": "msg" }, body, at));
  await assert.rejects(() => checkWebhook(secret, { ...headers, "webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" }, body, at));
  const korean = '{"name":"민아"}', sum = createHmac("sha256", Buffer.from("aGk=", "base64")).update(`a.1614265330.${korean}`).digest("base64");
  assert.equal((await checkWebhook("whsec_aGk=", { ...headers, "webhook-id": "a", "webhook-signature": "v1," + sum }, korean, at)).name, "민아");
}
