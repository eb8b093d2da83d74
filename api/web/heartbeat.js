// Signs of life: polls for the visitor as often as the server asks for it, never sooner, and as
// long as there is something to poll for.

import { clock } from "./command.js";

const patience = 8_000, least = 1_000;
const idle = 5_000; // between two polls for a pass, for which the server sets no pace
const timerWorker = new Worker("/assets/timer-worker.js");
let visit = null; // the visit that is polled for

// attend polls the path after a wait, and then repeatedly; both waits are in milliseconds, and
// longest is the longest wait between polls without an answer. heard gets each answer, refused a
// problem that ends it; silent is called when no answer comes.
export function attend(path, wait, longest, { heard, refused, silent }) {
  visit = { path, longest, heard, refused, silent, failures: 0, busy: false, news: false };
  rest(visit, wait);
}

export function stop() { visit = null; }

// rest polls after a wait, and not before. The wait is jittered, so that a crowd does not come
// back at once.
function rest(mine, wait) {
  mine.began = Date.now();
  mine.earliest = mine.began + wait;
  mine.wait = wait * (1 + Math.random() / 8);
  timerWorker.postMessage(mine.wait);
}

// hurry polls now, if the server allows it: the device has woken up, the network or the reader is
// back, or a pass has ended.
export function hurry() {
  if (visit && (Date.now() >= visit.earliest || Date.now() < visit.began)) ask(visit);
}

// soon polls as soon as the server allows it: there may be news of a visit that is not polled for.
export function soon() {
  if (!visit) return;
  if (visit.busy) return visit.news = true;
  const left = visit.earliest - Date.now();
  if (left <= 0 || Date.now() < visit.began) return ask(visit);
  if (visit.wait > visit.earliest - visit.began) {
    visit.wait = visit.earliest - visit.began;
    timerWorker.postMessage(left);
  }
}

timerWorker.onmessage = () => {
  if (!visit || visit.wait === Infinity) return;
  const left = visit.began + visit.wait - Date.now();
  if (left > 0 && left <= visit.wait) timerWorker.postMessage(left); // too early, and no clock was set back
  else ask(visit);
};

async function ask(mine) {
  if (mine.busy) return;
  mine.busy = true;
  mine.news = false;
  const answer = await fetch(mine.path, { cache: "no-store", signal: AbortSignal.timeout(patience) }).catch(() => null);
  const data = await answer?.json().catch(() => null);
  mine.busy = false;
  if (visit !== mine) return;
  const told = Number(answer?.headers.get("Retry-After")) * 1000;
  if (data && answer.ok) {
    mine.failures = 0;
    clock.set(answer.headers.get("Date"));
    rest(mine, data.status === "waiting" ? Math.max(told, least) : idle);
    if (data.status !== "waiting") mine.wait = Infinity;
    mine.heard(data);
    if (mine.news) soon(); // the answer may be older than the news
  } else if (answer?.status === 429) {
    mine.failures = 0;
    rest(mine, Math.max(told, least));
  } else if (data && answer.status < 500) {
    stop();
    mine.refused(data);
  } else {
    const wait = Math.min(mine.longest, least * 2 ** mine.failures++) * (.5 + Math.random() / 2);
    rest(mine, Math.max(told, wait));
    if (!told) mine.earliest = 0; // the server has not asked to wait
    mine.silent();
  }
}

for (const back of ["online", "pageshow", "focus"]) addEventListener(back, hurry);
for (const back of ["visibilitychange", "resume"]) document.addEventListener(back, hurry);
