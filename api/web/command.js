// Commands to the server, repeated until they are answered, and never executed twice.

import { holder, jwt, pause, readStored, token, writeStored } from "./page.js";
import { goToRoom, placeOf, storePlace } from "./passes.js";

const firstWait = 500, timeout = 8_000;
const unanswered = readStored("sessionStorage", "unanswered", {}); // request -> {body, key}

// keyFor returns the idempotency key of a request. A request without an answer is repeated under
// the same key, so that it is executed once.
function keyFor(question, body) {
  if (unanswered[question]?.body !== body) {
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs HTTPS
    unanswered[question] = { body, key: Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("") };
    writeStored("sessionStorage", "unanswered", unanswered);
  }
  return unanswered[question].key;
}

function answered(question) {
  delete unanswered[question];
  writeStored("sessionStorage", "unanswered", unanswered);
}

// sentence returns the text of a problem as a sentence.
function sentence({ field, detail }) {
  return (field ? `${field}: ${detail}` : detail).replace(/^./u, (first) => first.toUpperCase()) + ".";
}

// ---- Passes of waiting rooms

const passHeader = "Admission-Pass";
const guards = readStored("sessionStorage", "guards", {}); // guarded resource -> its room

// guarded returns the resource that a room guards: /v1/products/tee for every path below it.
const guarded = (path) => path.split("/", 4).join("/");

// buyer returns the holder whose pass a command needs; without tokens, a team has its own pass.
function buyer(body) {
  const { holder: named, team_id: team } = JSON.parse(body ?? "{}");
  return jwt ? holder() : named ?? team ?? holder();
}

// addPass adds the pass to the headers, if the browser has one.
function addPass(headers, path, body) {
  const room = guards[guarded(path)];
  const pass = room && placeOf(room, buyer(body))?.pass;
  if (pass) headers[passHeader] = pass;
}

// admitted reports whether a command refused for lack of a pass can be repeated with one. If there
// is no pass, it goes to the room's page.
function admitted({ code, waiting_room: room }, headers, path, body) {
  if (!room || code !== "pass_required" && code !== "pass_invalid") return false;
  const shown = headers[passHeader], name = buyer(body);
  guards[guarded(path)] = room;
  writeStored("sessionStorage", "guards", guards);
  if (shown && placeOf(room, name)?.pass === shown) storePlace(room, name, null); // the pass has been used
  delete headers[passHeader];
  addPass(headers, path, body);
  if (headers[passHeader]) return true;
  goToRoom(room, name);
  return false;
}

// ---- Sending

// command sends a command, repeats it if there is no answer or the server asks to wait, and returns
// the resource; it throws the problem or the network's error.
export async function command(method, path, body, waiting) {
  const question = method + " " + path + (body ?? "");
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = keyFor(question, body ?? "");
  if (jwt && token()) headers.Authorization = "Bearer " + token();
  if (method === "POST") addPass(headers, path, body);
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(path, { method, headers, body, cache: "no-store", signal: AbortSignal.timeout(timeout) }).catch(() => null);
    const definite = answer && answer.status < 500 && answer.status !== 429;
    const data = await answer?.json().catch(() => null);
    if (data && admitted(data, headers, path, body)) continue;
    if (definite && data) {
      answered(question);
      clock.set(answer.headers.get("Date"));
      if (answer.ok) {
        known.position = Math.max(known.position, data.position ?? 0);
        return data;
      }
    }
    if (definite && data || attempt === 5) {
      const text = data?.detail ? sentence(data) : "The server does not answer. Try again: your request is not executed twice.";
      throw Object.assign(new Error(text), { code: data?.code, resource: data?.resource, problem: data });
    }
    waiting?.();
    const wait = Number(answer?.headers.get("Retry-After")) * 1000 || firstWait * 2 ** attempt;
    await pause(wait * (.5 + Math.random() / 2));
  }
}

// known has the highest position of all answers: later reads must not be older.
export const known = { position: 0 };

// clock is the server's time: deadlines must not depend on this device's clock. On a server with
// --at it stands still.
export const clock = {
  ahead: 0,
  still: Date.parse(document.querySelector(".as-of time")?.dateTime),
  now() { return this.still || Date.now() + this.ahead; },
  set(date) {
    const ahead = Date.parse(date) - Date.now();
    if (!Number.isNaN(ahead)) this.ahead = Math.abs(ahead) < 2000 ? 0 : ahead;
  },
};

// timeLeft returns the time until a deadline: in seconds, and in words such as 4:59.
export function timeLeft(deadline) {
  const left = Math.max(0, Math.ceil((Date.parse(deadline) - clock.now()) / 1000));
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  return [left, (left < 3600 ? Math.floor(left / 60) : `${Math.floor(left / 3600)}:${two(left / 60 % 60)}`) + ":" + two(left % 60)];
}
