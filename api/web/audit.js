// The page that looks back: it finds a thing or a holder, tells the story, and goes
// through time. What it shows is in its address: ?of=kind/id, and the moment in #at=.

import { command } from "./command.js";
import { $, begin, jwt, onButton, tell, token } from "./page.js";
import { called, count, cut, mayBe, pageOf, parse, scrubbed } from "./kinds.js";
import { CountView, SeatView, SlotView } from "./pastviews.js";
import { CountReel, SeatReel, SlotReel } from "./reel.js";
import { Scrubber } from "./scrubber.js";
import { Story, state } from "./story.js";

const of = cut(new URLSearchParams(location.search).get("of") ?? "");
const at = () => new URLSearchParams(location.hash.slice(1)).get("at")?.replaceAll(" ", "+") ?? "";
const say = (tone, text) => tell($("#search-message"), tone, text);

// ---- The search

let searches = 0; // the newest one counts

// search goes to what is meant, or lets the visitor choose.
async function search() {
  const { kind, id } = parse($("#wanted").value), mine = ++searches;
  $("#choices").replaceChildren();
  if (id === "") {
    say("bad", "Say what you look for.");
    return $("#wanted").focus();
  }
  if (kind) return location.assign(pageOf({ kind, id }));
  if (!mayRead()) return;
  const found = [];
  for (const kind of mayBe(id)) {
    say("", `Looking for a ${kind.replace("-", " ")} of that name…`);
    const there = await exists({ kind, id }).catch((error) => { say("bad", error.message); return null; });
    if (there === null || mine !== searches) return;
    if (there) found.push({ kind, id });
  }
  if (found.length === 1) return location.assign(pageOf(found[0]));
  say(found.length === 0 ? "warn" : "", found.length === 0 ? "Nothing and nobody of that name is in the log." : "That may be:");
  $("#choices").replaceChildren(...found.map((of) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("a"), { href: pageOf(of), textContent: called(of) }));
    return item;
  }));
  $("#choices a")?.focus();
}

async function exists(of) {
  try {
    return await new Story(of).first((pages) => say("", `Looking for ${called(of)} in the log, page ${pages}…`));
  } catch (error) {
    if (error.code === "not_found") return false;
    throw error;
  }
}

// mayRead says whether there is a token where one is needed.
function mayRead() {
  if (!jwt || token()) return true;
  say("bad", "That needs the token of an auditor or an admin; put yours in at the top.");
  $("#token").focus();
  return false;
}

// ---- The past of a thing

let scrubber = null;

// reelOf is what a thing's changes are read with, and what shows them.
async function reelOf({ kind, id }) {
  if (kind === "product") {
    const reel = new CountReel(id);
    return { reel, name: kind, view: () => new CountView(reel) };
  }
  if (kind === "tournament") {
    const reel = new SlotReel(id);
    return { reel, name: kind, view: () => new SlotView(reel, id) };
  }
  const [performance, seat] = id.split("~");
  const reel = new SeatReel(await command("GET", `/v1/performances/${encodeURIComponent(performance)}`));
  return { reel, name: "performance", view: () => new SeatView(reel, seat) };
}

async function openPast() {
  const { reel, name, view } = await reelOf(of);
  await reel.fill((n) => say("", `Reading: ${count(n)} changes…`));
  say("", "");
  $("#past-title").textContent = `${called(of.kind === "seat" ? { kind: "performance", id: reel.id } : of)} through time`.replace(/^./, (c) => c.toUpperCase());
  $("#past").hidden = false;
  $(`[data-view="${name}"]`).hidden = false; // a map that is hidden has no size
  scrubber = new Scrubber(reel, view(), (position) => story?.now(position));
  await scrubber.seek(at());
}

// ---- The story

let story = null;

async function openStory() {
  const opened = new Story(of);
  $("#story-title").textContent = `The story of ${called(of)}`;
  $("#story").hidden = false;
  if (!await opened.first((pages) => tell($("#story-message"), "", `Looking through the log, page ${pages}…`))) {
    if (scrubber) throw Object.assign(new Error("nothing happened"), { code: "not_found" }); // a seat that nobody touched
    return tell($("#story-message"), "warn", "Nothing is told of it.");
  }
  story = opened;
  await story.show();
  story.now(Number(at()));
}

async function open() {
  if (!of.kind) return;
  document.title = `${called(of)} · Audit · admitone`;
  $("#wanted").value = `${of.kind}/${of.id}`;
  // A map of seats is everybody's; all else is told to auditors.
  if (!["performance", "seat"].includes(of.kind) && !mayRead()) return;
  const fault = (error) => { if (error.code !== "not_found") say("bad", error.message); else say("warn", scrubber ? `Nothing ever happened to ${called(of)}.` : `There is no ${called(of)}.`); };
  if (scrubbed(of.kind) && !scrubber) await openPast().catch(fault);
  if (mayRead()) await openStory().catch((error) => { $("#story").hidden = true; fault(error); });
}

// ---- The head of the log

async function showHead() {
  const head = await command("GET", "/v1/log/head").catch(() => null);
  if (!head) return $("#head").remove();
  $("#head-words").textContent = `${count(head.size)} events, up to position ${count(head.position)}. The key that it is checked with is ${head.key}.`;
  $("#head-note").textContent = head.note;
}

// ---- The page as a whole

onButton(async (button) => {
  const action = button.dataset.action, item = button.closest(".line");
  if (item) return state(item);
  if (action === "more") return story.more().catch((error) => tell($("#story-message"), "bad", error.message));
  if (action === "seat") return scrubber.view.nearer();
  await scrubber?.actions[action]?.();
});

$("#search").addEventListener("submit", (event) => { event.preventDefault(); search(); });
$("#order").addEventListener("change", () => story?.sort($("#order").value).catch((error) => tell($("#story-message"), "bad", error.message)));
addEventListener("hashchange", () => scrubber?.seek(at()));
document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-field="moment"]');
  if (!link || !scrubber || link.search !== location.search) return;
  event.preventDefault(); // it is on this page, and the address may be that already
  history.pushState(null, "", link.href);
  scrubber.seek(at());
  $("#past-title").focus();
});
begin();
$("#token")?.addEventListener("change", () => { if (of.kind && !story) open(); });
if ($("#head")) showHead();
open();
