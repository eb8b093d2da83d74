// The audit page: it finds an entity or a holder, shows its history, and goes through time. Its
// address has the subject in ?of=kind/id, and the moment in #at=.

import { command } from "./command.js";
import { $, begin, jwt, onButton, showMessage, token } from "./page.js";
import { hallOf } from "./hall.js";
import { count, hasTimeline, isID, pageOf, parse, splitRef, titleOf } from "./kinds.js";
import { CountView, SeatView, SlotView } from "./asof-views.js";
import { CountTimeline, SeatTimeline, SlotTimeline } from "./timeline.js";
import { Scrubber } from "./scrubber.js";
import { state, Story } from "./story.js";

const of = splitRef(new URLSearchParams(location.search).get("of") ?? "");
const at = (address = location.href) => new URLSearchParams(new URL(address).hash.slice(1)).get("at")?.replaceAll(" ", "+") ?? "";
const say = (tone, text, holds) => showMessage($("#search-message"), tone, text, holds);

// ---- The search

let searches = 0; // only the newest one counts

// search opens the only match, or lets the visitor choose.
async function search() {
  const { kind, id } = parse($("#wanted").value), mine = ++searches;
  $("#choices").replaceChildren();
  if (id === "") {
    say("bad", "Say what you look for.", () => $("#wanted").value.trim() === "");
    return $("#wanted").focus();
  }
  if (kind) return location.assign(pageOf({ kind, id }));
  if (!mayRead()) return;
  say("", "Looking for something or somebody of that name…");
  const found = await matches(id).catch((error) => { if (mine === searches) say("bad", error.message); return null; });
  if (found === null || mine !== searches) return;
  if (found.length === 1) return location.assign(pageOf(found[0]));
  const asked = $("#wanted").value;
  say(found.length === 0 ? "warn" : "", found.length === 0 ? "Nothing and nobody of that name is in the log." : "That may be:", () => $("#wanted").value === asked || found.length > 0);
  $("#choices").replaceChildren(...found.map((of) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("a"), { href: pageOf(of), textContent: titleOf(of) }));
    return item;
  }));
  $("#choices a")?.focus();
}

// matches returns the entities and the holder that an id may name.
async function matches(id) {
  const { items } = isID(id) ? await command("GET", `/v1/history/${id}`) : { items: [] };
  const of = { kind: "holder", id };
  const acts = await new Story(of).first((pages) => say("", `Looking for ${titleOf(of)} in the log, page ${pages}…`))
    .catch((error) => { if (error.code === "not_found") return false; throw error; }); // not a holder's name
  return acts ? [...items, of] : items;
}

// mayRead returns whether there is a token where one is needed.
function mayRead() {
  if (!jwt || token()) return true;
  say("bad", "That needs the token of an auditor or an admin; put yours in at the top.", () => !token());
  $("#token").focus();
  return false;
}

// ---- The past of an entity

let scrubber = null;

// timelineOf returns the timeline of an entity, the name of its view and a function that makes the view.
async function timelineOf({ kind, id }) {
  if (kind === "product") {
    const timeline = new CountTimeline(id);
    return { timeline, name: kind, view: () => new CountView(timeline) };
  }
  if (kind === "tournament") {
    const timeline = new SlotTimeline(id);
    return { timeline, name: kind, view: () => new SlotView(timeline, id) };
  }
  const [performance, seat] = id.split("~");
  const found = await command("GET", `/v1/performances/${encodeURIComponent(performance)}`);
  const timeline = new SeatTimeline(found, await hallOf(found));
  return { timeline, name: "performance", view: () => new SeatView(timeline, seat) };
}

async function openPast() {
  const { timeline, name, view } = await timelineOf(of);
  await timeline.fill((n) => say("", `Reading: ${count(n)} changes…`));
  say("", "");
  $("#past-title").textContent = `${titleOf(of.kind === "seat" ? { kind: "performance", id: timeline.id } : of)} through time`.replace(/^./, (c) => c.toUpperCase());
  $("#past").hidden = false;
  $(`[data-view="${name}"]`).hidden = false; // a hidden map has no size
  scrubber = new Scrubber(timeline, view(), (position) => story?.now(position));
  await scrubber.seek(at());
}

// ---- The history

let story = null;

async function openStory() {
  const opened = new Story(of);
  $("#story-title").textContent = `The story of ${titleOf(of)}`;
  $("#story").hidden = false;
  if (!await opened.first((pages) => showMessage($("#story-message"), "", `Looking through the log, page ${pages}…`))) {
    if (scrubber) throw Object.assign(new Error("nothing happened"), { code: "not_found" }); // a seat without events
    return showMessage($("#story-message"), "warn", "Nothing about it has been recorded.");
  }
  story = opened;
  await story.show();
  story.now(Number(at()));
}

async function open() {
  if (!of.kind) return;
  document.title = `${titleOf(of)} · Audit · admitone`;
  $("#wanted").value = `${of.kind}/${of.id}`;
  // A map of seats is public; everything else needs an auditor's token.
  if (!["performance", "seat"].includes(of.kind) && !mayRead()) return;
  const showError = (error) => { if (error.code !== "not_found") say("bad", error.message); else say("warn", scrubber ? `Nothing ever happened to ${titleOf(of)}.` : `There is no ${titleOf(of)}.`); };
  if (hasTimeline(of.kind) && !scrubber) await openPast().catch(showError);
  if (mayRead()) await openStory().catch((error) => { $("#story").hidden = true; showError(error); });
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
  if (action === "more") return story.more().catch((error) => showMessage($("#story-message"), "bad", error.message));
  if (action === "seat") return scrubber.view.nearer();
  await scrubber?.actions[action]?.();
});

$("#search").addEventListener("submit", (event) => { event.preventDefault(); search(); });
$("#order").addEventListener("change", () => story?.sort($("#order").value).catch((error) => showMessage($("#story-message"), "bad", error.message)));
// By now the page may have written a different moment into its address.
addEventListener("hashchange", ({ newURL }) => scrubber?.seek(at(newURL)));
document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-field="moment"]');
  if (!link || !scrubber || link.search !== location.search) return;
  event.preventDefault(); // a link to this page, perhaps to its current address
  history.pushState(null, "", link.href);
  scrubber.seek(at());
  $("#past-title").focus();
});
begin();
$("#token")?.addEventListener("change", () => { if (of.kind && !story) open(); });
if ($("#head")) showHead();
open();
