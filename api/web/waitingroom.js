// The page of one waiting room: the visitor's place in line, and the way in.

import { pollNow, pollSoon, start, stop } from "./heartbeat.js";
import { command, timeLeft } from "./command.js";
import { watch } from "./live.js";
import { $, announce, begin, canSend, field, focusLost, holder, jwt, me, onButton, pause, recheck, showMessage } from "./page.js";
import { onPlaceChange, placeOf, storePlace, target } from "./passes.js";
import { number, roomCard, unopened } from "./room-card.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const title = document.title;
const main = $(".room"), card = $(".waitingroom");
const room = roomCard(card, onFrame, main);
const visitors = `/v1/waiting-rooms/${room.id}/visitors`;
const wanted = target(location.search);
const say = (tone, text, holds) => { if ($("#message").textContent !== text) showMessage($("#message"), tone, text, holds); };

// ---- The visitor's place

// place is the server's last answer about the visitor, with the holder, the first position, and
// the time of the answer; null without a place.
let place = null;

// setPlace adopts a place from the browser's storage.
function setPlace(remembered) {
  place = remembered;
  admittedBefore = null;
  if (place) start(`${visitors}/${place.visitor}`, pollDelay(place), maxDelay(), { onAnswer, onRefusal, onFailure });
  else stop();
  show();
}

// onShared adopts an answer that another tab has received for the same place.
function onShared(remembered) {
  if (remembered?.asked === place?.asked) return;
  if (!remembered) showOutcome("warn", "Your place or your pass is over.");
  const before = place;
  setPlace(remembered);
  enter(before);
}

const maxDelay = () => Math.min(30, room.heartbeat_seconds) * 1000;

// pollDelay returns how long the server wants no poll, even after a reload.
function pollDelay({ status, asked, poll_after_seconds: after }) {
  if (status !== "waiting" || !after) return 0;
  return Math.max(0, Math.min(asked - Date.now(), 0) + after * 1000); // setting the clock back does not make it longer
}

// onAnswer adopts an answer of the server.
function onAnswer(now) {
  const before = place;
  place = { ...now, holder: before.holder, first: Math.max(before.first ?? 0, now.position ?? 0), asked: Date.now() };
  admittedBefore = null;
  say("", "");
  if (now.status === "waiting" || now.status === "admitted") storePlace(room.id, place.holder, place);
  else endPlace(before, now.status);
  enter(before);
  show();
}

// endPlace ends a place, and shows why.
function endPlace(before, status) {
  stop();
  storePlace(room.id, before.holder, null);
  place = null;
  if (before.status === "admitted") showOutcome("warn", status === "left" || timeLeft(before.expires_at)[0] > 0 ? "Your pass was used or given up." : "The time of your pass is over.");
  else if (status === "left") showOutcome("", "You have left the line.");
  else showOutcome("bad", `Your place is lost: for ${duration(2 * room.heartbeat_seconds)} the server received no heartbeat from this page. You can join again, at the end of the line.`);
  document.title = before.status === "waiting" && status !== "left" ? "Place lost · " + title : title;
}

// onRefusal ends a place that the server does not know any more.
function onRefusal(problem) {
  if (problem.code !== "not_found") return say("bad", problem.detail ?? "The server refuses to answer.");
  storePlace(room.id, place.holder, null);
  place = null;
  showOutcome("bad", "The server does not know your place any more. You can join again.");
  show();
}

function onFailure() {
  if (place.status !== "waiting") return;
  const where = navigator.onLine ? "No answer from the server" : "This device is offline";
  say("warn", `${where}; trying again… Your place is kept for ${duration(2 * room.heartbeat_seconds)} from your last heartbeat.`, () => place?.status === "waiting");
}

// showOutcome shows how a place has ended, or that it is the visitor's turn, to that visitor.
function showOutcome(tone, text) {
  const owner = place?.holder ?? holder();
  if ($("#outcome").textContent !== text) showMessage($("#outcome"), tone, text, () => (place?.holder ?? holder()) === owner);
}

// enter goes to the guarded page while this one is visible, unless the visitor was inside before.
let entering = false;
async function enter(before) {
  if (!wanted || entering || place?.status !== "admitted" || before?.status === "admitted") return;
  const { visitor } = place;
  entering = true;
  show();
  await pause(2500); // time to read or hear it
  while (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
  entering = false;
  if (place?.visitor === visitor && place.status === "admitted") location.assign(wanted);
}

// ---- The number of visitors ahead

// admittedBefore is the number admitted when the page began to count, after the last answer. A
// frame may be older than an answer, so counting begins after settleTime: the number shown may be
// too high, never too low.
let admittedBefore = null;
const settleTime = 500;

let lastActive = room.active; // as of the last frame

function onFrame() {
  if (place?.status === "admitted" && (room.active < lastActive || room.active === 0)) pollSoon(); // this pass may have ended
  lastActive = room.active;
  if (place?.status === "waiting" && Date.now() - place.asked > settleTime) admittedBefore ??= room.admitted;
  show();
}

function peopleAhead() {
  const n = place.position - 1 - (admittedBefore === null ? 0 : room.admitted - admittedBefore);
  const fixed = room.joined >= place.ticket && (room.order === "fifo" || room.seed); // no later visitor gets in front
  return Math.max(0, fixed ? Math.min(n, room.waiting - 1) : n);
}

// duration returns a duration in words, arrival a rounded time from now.
const plural = (n, unit) => `${number(n)} ${unit}${n === 1 ? "" : "s"}`;
const duration = (seconds) => seconds < 120 ? plural(seconds, "second") : plural(Math.round(seconds / 60), "minute");
function arrival(seconds) {
  if (seconds < 60) return "in less than a minute";
  return seconds < 5400 ? `in about ${plural(Math.round(seconds / 60), "minute")}` : `in about ${plural(Math.round(seconds / 3600), "hour")}`;
}

function estimate() {
  if (room.status === "closed") return "The room is closed: nobody is let in at present. Your place is kept.";
  if (place.position == null) return "How long it takes from then on depends on the place that you draw.";
  if (place.eta_seconds == null) return "How long it takes can't be said yet.";
  return `It is your turn ${arrival(place.eta_seconds)}. This is an estimate, by how fast people come in.`;
}

// ---- The display

let announced = { at: 0, ahead: -1 }; // the last announcement

function show() {
  const phase = place?.status ?? "out";
  const focused = focusLost() ? null : document.activeElement;
  for (const element of document.querySelectorAll("[data-phase]")) element.hidden = !element.dataset.phase.split(" ").includes(phase);
  if (phase === "admitted") {
    $("#enter").hidden = !wanted;
    $("#doors").hidden = Boolean(wanted);
    showOutcome("good", "It is your turn." + (entering ? " Going in…" : ""));
    document.title = "It is your turn! · " + title;
  }
  if (phase === "waiting") showLine();
  const leave = $('[data-action="leave"]'), words = phase === "admitted" ? ["Give the pass up", "Really give it up?"] : ["Leave the line", "Really leave the line?"];
  if ($(".calm", leave).textContent !== words[0]) {
    [$(".calm", leave).textContent, $(".sure", leave).textContent] = words;
    leave.dataset.sure = ""; // it had asked about another action
  }
  $('[data-action="join"]').disabled = room.status === "closed";
  field(card, "whose").textContent = place ? `In the name of ${place.holder}.` : "";
  showOpening();
  tick();
  recheck();
  if (focused && focusLost()) (phase === "admitted" && wanted ? $("#enter") : phase === "out" ? $('[data-action="join"]') : $("#title")).focus();
}

function showLine() {
  showOutcome("", "");
  const drawn = place.position != null, n = drawn ? peopleAhead() : 0;
  field(card, "ahead").textContent = drawn && n > 0 ? number(n) : "";
  field(card, "ahead-words").textContent = !drawn ? "Your place in line is drawn when the room opens." : n === 0 ? "You are next." : n === 1 ? "person is ahead of you" : "people are ahead of you";
  const progress = field(card, "progress");
  progress.hidden = !drawn;
  progress.value = place.first > 1 ? 1 - n / (place.first - 1) : 1;
  field(card, "estimate").textContent = estimate();
  document.title = drawn ? `${n === 0 ? "Next" : number(n) + " ahead"} · ${title}` : title;
  if (n === announced.ahead || n > 3 && Date.now() - announced.at < 30_000) return;
  announced = { at: Date.now(), ahead: n };
  announce("place", field(card, "place").textContent.trim());
}

// showOpening shows the opening of a room that opens later, and its draw.
function showOpening() {
  const part = (name, text) => {
    const element = field(main, name);
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
  };
  const early = unopened(room), shuffled = room.order === "shuffle";
  part("opening", early ? `It opens on ${local.format(new Date(room.opens_at))}.` : "");
  field(main, "till-opening").hidden = !early;
  if (!shuffled) part("draw", "");
  else if (early) part("draw", "Who joins before then gets a place that is drawn at random at that moment; to come early is no advantage. The hash of the seed that decides is published already, and the seed then, so that anybody can check the draw.");
  else part("draw", room.seed ? "The order of those who came before the opening was drawn at random, from the seed owner hash was published before." : "The order is being drawn.");
  part("hash", !shuffled ? "" : `SHA-256 of the seed: ${room.seed_hash}` + (room.seed ? `\nThe seed: ${room.seed}` : ""));
}

function tick() {
  if (unopened(room)) field(main, "opening-clock").textContent = timeLeft(room.opens_at)[1];
  if (place?.status !== "admitted") return;
  const [left, words] = timeLeft(place.expires_at);
  field(card, "clock").textContent = words;
  if (left === 0) pollNow();
}

// ---- The page as a whole

const actions = {
  async join() {
    if (!canSend($("#message"), "Joining")) return;
    if (!jwt && me() === "") {
      say("bad", "Say who you are.", () => me() === "");
      return $("#holder").focus();
    }
    say("", "Joining…");
    const name = holder();
    const visit = await command("POST", visitors, JSON.stringify(jwt ? {} : { holder: name }), () => say("warn", "No answer yet; trying again…"));
    showOutcome("", "");
    setPlace({ ...visit, holder: name, first: visit.position, asked: Date.now(), status: "waiting" });
    onAnswer(visit);
  },
  async leave() {
    const leaving = place;
    say("", "Leaving…");
    await command("DELETE", `${visitors}/${leaving.visitor}`, undefined, () => say("warn", "No answer yet; trying again…"));
    storePlace(room.id, leaving.holder, null);
    setPlace(null);
    say("", "");
    showOutcome("", leaving.status === "admitted" ? "You have given your pass up." : "You have left the line.");
    document.title = title;
  },
};

onButton(async (button) => {
  try {
    await actions[button.dataset.action]();
  } catch (error) {
    const name = holder(), { status } = room;
    say("bad", error.message, () => !place && holder() === name && room.status === status);
  }
  if (focusLost()) $("#title").focus();
});

begin();
const as = new URLSearchParams(location.search).get("as"); // a team, for example, which is not a holder
if (as && !jwt) $("#holder").value = as;
if (wanted) $("#enter").href = wanted;
for (const input of [$("#holder"), $("#token")]) input?.addEventListener("change", () => { if (!place) setPlace(placeOf(room.id, holder())); });
onPlaceChange(room.id, () => place?.holder ?? holder(), onShared);
setPlace(placeOf(room.id, holder()));
watch(room);
setInterval(tick, 500);
