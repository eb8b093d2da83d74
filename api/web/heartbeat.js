// Heartbeats: polls for the visitor, who would lose the place without them. It polls as often as
// the server asks for and never sooner.

import { clock } from "./command.js";

const timeout = 8_000, minInterval = 1_000;
const passInterval = 5_000; // between polls for a pass, for which the server sets no interval
const timerWorker = new Worker("/assets/timer-worker.js");
let current = null; // the visit that is polled for

// start polls the path after a delay, and then repeatedly. Times are in milliseconds; maxDelay
// bounds the backoff while no answer comes. onAnswer gets each answer, onRefusal the problem that
// ends the polling; onFailure is called when no answer comes.
export function start(path, delay, maxDelay, { onAnswer, onRefusal, onFailure }) {
  current = { path, maxDelay, onAnswer, onRefusal, onFailure, failures: 0, busy: false, again: false };
  schedule(current, delay);
}

export function stop() { current = null; }

// schedule polls after a delay, and not before. It adds jitter, so that a crowd does not come back
// at once.
function schedule(visit, delay) {
  visit.began = Date.now();
  visit.earliest = visit.began + delay;
  visit.delay = delay * (1 + Math.random() / 8);
  timerWorker.postMessage(visit.delay);
}

// pollNow polls now, if the server allows it: the device has woken up, the network or the reader
// is back, or a pass has ended.
export function pollNow() {
  if (current && (Date.now() >= current.earliest || Date.now() < current.began)) poll(current);
}

// pollSoon polls as soon as the server allows it, because the visit may have changed.
export function pollSoon() {
  if (!current) return;
  if (current.busy) return current.again = true;
  const left = current.earliest - Date.now();
  if (left <= 0 || Date.now() < current.began) return poll(current);
  if (current.delay > current.earliest - current.began) {
    current.delay = current.earliest - current.began;
    timerWorker.postMessage(left);
  }
}

timerWorker.onmessage = () => {
  if (!current || current.delay === Infinity) return;
  const left = current.began + current.delay - Date.now();
  if (left > 0 && left <= current.delay) timerWorker.postMessage(left); // too early, and no clock was set back
  else poll(current);
};

async function poll(visit) {
  if (visit.busy) return;
  visit.busy = true;
  visit.again = false;
  const answer = await fetch(visit.path, { cache: "no-store", signal: AbortSignal.timeout(timeout) }).catch(() => null);
  const data = await answer?.json().catch(() => null);
  visit.busy = false;
  if (current !== visit) return;
  const retryAfter = Number(answer?.headers.get("Retry-After")) * 1000;
  if (data && answer.ok) {
    visit.failures = 0;
    clock.set(answer.headers.get("Date"));
    schedule(visit, data.status === "waiting" ? Math.max(retryAfter, minInterval) : passInterval);
    if (data.status !== "waiting") visit.delay = Infinity;
    visit.onAnswer(data);
    if (visit.again) pollSoon(); // the answer may be older than the change
  } else if (answer?.status === 429) {
    visit.failures = 0;
    schedule(visit, Math.max(retryAfter, minInterval));
  } else if (data && answer.status < 500) {
    stop();
    visit.onRefusal(data);
  } else {
    const delay = Math.min(visit.maxDelay, minInterval * 2 ** visit.failures++) * (.5 + Math.random() / 2);
    schedule(visit, Math.max(retryAfter, delay));
    if (!retryAfter) visit.earliest = 0; // the server has not set a delay
    visit.onFailure();
  }
}

for (const event of ["online", "pageshow", "focus"]) addEventListener(event, pollNow);
for (const event of ["visibilitychange", "resume"]) document.addEventListener(event, pollNow);
