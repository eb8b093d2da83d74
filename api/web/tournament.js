// The page of one tournament: its slots, the entered and waitlisted teams, and the team of this
// browser.

import { command } from "./command.js";
import { unwatch, watch } from "./live.js";
import { $, begin, canSend, field, focusLost, onButton, pause, readStored, recheck, showMessage, writeStored } from "./page.js";
import { obstacle, tournamentCard } from "./tournament-card.js";

const tournament = tournamentCard($(".tournament"), (data, event) => { showTeam(); refreshChanged(data, event); });
const entries = `/v1/tournaments/${tournament.id}/entries`;

// ---- The teams

const page = 100; // teams shown at first, and added with each click
const lists = Object.fromEntries(["entered", "waitlisted"].map((status) => [status, {
  status, element: $("#" + status), limit: page, busy: false, again: false,
}]));

// refreshChanged reads again the shown part of the lists that a frame has changed.
function refreshChanged(data, event) {
  const teams = data.teams ?? [];
  for (const list of Object.values(lists)) {
    const full = list.element.childElementCount >= list.limit;
    const changed = ({ team_id, status }) => status === list.status ? !full : row(list, team_id) !== null;
    if (event === "snapshot" || data.teams_unnamed || teams.some(changed)) refresh(list, Math.random() * 800);
    else count(list);
  }
}

const row = (list, team) => $(`[data-team="${team}"]`, list.element);

// refresh reads a list, and again if it has changed meanwhile. It waits for a random time first, so
// that a crowd does not read at once.
async function refresh(list, wait = 0) {
  list.again = true;
  if (list.busy) return;
  list.busy = true;
  await pause(wait);
  while (list.again) {
    list.again = false;
    const teams = await read(list).catch(() => null);
    if (teams) show(list, teams);
    else await pause(2000).then(() => { list.again = true; });
  }
  list.busy = false;
}

async function read(list) {
  const teams = [];
  for (let cursor = ""; ;) {
    const limit = Math.min(500, list.limit - teams.length);
    const query = new URLSearchParams({ status: list.status, limit, cursor, min_position: tournament.position });
    const answer = await fetch(`${entries}?${query}`, { cache: "no-store" });
    if (!answer.ok) return null;
    const { items, next } = await answer.json();
    teams.push(...items);
    if (!next || teams.length >= list.limit) return teams;
    cursor = next;
  }
}

function show(list, teams) {
  const items = teams.map(({ team_id, name, group }) => {
    const item = document.createElement("li");
    item.dataset.team = team_id;
    item.textContent = name;
    item.classList.toggle("own", team_id === team?.id);
    if (group) item.append(Object.assign(document.createElement("span"), { className: "hint", textContent: " waits with its group" }));
    return item;
  });
  list.element.replaceChildren(...items);
  count(list);
}

// count shows how many teams are not shown.
function count(list) {
  const more = tournament[list.status] - list.element.childElementCount;
  const note = $(`[data-more="${list.status}"]`), button = $(`[data-list="${list.status}"]`);
  note.hidden = button.hidden = more <= 0;
  note.textContent = `and ${more} more`;
}

// ---- The team of this browser

let team = null; // {id, name}
let standing = {}; // its status and place; empty if it does not take part
let seen = 0; // the position of standing

function remember(chosen) {
  if (team) unwatch("team:" + team.id);
  team = chosen;
  standing = {};
  seen = 0;
  writeStored("localStorage", "team", team);
  if (team) {
    const item = { topic: "team:" + team.id, position: 0, take(data, event) { onFrame(data, event); } };
    watch(item);
  }
  for (const list of Object.values(lists)) for (const item of list.element.children) item.classList.toggle("own", item.dataset.team === team?.id);
  showTeam();
}

// onFrame applies a frame about the team.
function onFrame({ position, entries, more }, event) {
  const mine = entries.find((entry) => entry.tournament_id === tournament.id);
  if (mine) setStanding(mine, position);
  else if (event === "snapshot" && more) readEntry();
  else if (event === "snapshot") setStanding({}, position);
  if (mine?.cause === "promoted") say("good", "A slot came free: your team is in.", stands("entered"));
}

// setStanding sets the team's standing, unless a newer one is known.
function setStanding({ status, place }, position) {
  if (position < seen) return;
  seen = position;
  standing = status === "withdrawn" ? {} : { status, place };
  showTeam();
}

// readEntry reads the team's entry.
async function readEntry() {
  const asked = team;
  const position = Math.max(seen, tournament.position);
  try {
    const entry = await command("GET", `${entries}/${asked.id}?min_position=${position}`);
    if (asked === team) setStanding(entry, entry.position);
  } catch (error) {
    if (asked === team && error.code === "not_found") setStanding({}, position);
  }
}

function showTeam() {
  $("#new-team").hidden = team !== null;
  $("#team").hidden = team === null;
  if (!team) return;
  field($("#team"), "team").textContent = team.name;
  const waits = standing.status === "waitlisted", takesPart = standing.status !== undefined;
  const wall = obstacle(tournament), queue = tournament.waitlist && (wall === "Full" || wall === "" && tournament.waitlisted > 0);
  const words = waits ? `On the waitlist: place ${standing.place} of ${tournament.waitlisted}` : takesPart ? "Entered" : "Not signed up";
  if (field($("#team"), "standing").textContent !== words) field($("#team"), "standing").textContent = words;
  $("#team").dataset.status = standing.status ?? "";
  const enter = $('#team [data-action="enter"]'), withdraw = $('#team [data-action="withdraw"]');
  const lost = document.activeElement === enter && takesPart || document.activeElement === withdraw && !takesPart;
  enter.hidden = takesPart;
  enter.disabled = wall !== "" && !queue;
  enter.textContent = queue ? "Join the waitlist" : "Sign up";
  withdraw.hidden = !takesPart;
  $(".calm", withdraw).textContent = waits ? "Leave the waitlist" : "Withdraw";
  $(".sure", withdraw).textContent = waits ? "Really leave it?" : "Really withdraw?";
  if (lost) $("#team button:not([hidden]):not(:disabled)").focus();
  recheck();
}

const say = (tone, text, holds) => showMessage($("#team-message"), tone, text, holds);

// stands returns a condition: the team has that status, undefined for none.
function stands(status) {
  const about = team;
  return () => team === about && standing.status === status;
}
const waiting = () => say("warn", "No answer yet; trying again…");

const actions = {
  async make() {
    const name = $("#team-name").value.trim();
    if (name === "") {
      say("bad", "Give your team a name.", () => !team && $("#team-name").value.trim() === "");
      return $("#team-name").focus();
    }
    say("", "Making the team…");
    const made = await command("POST", "/v1/teams", JSON.stringify({ name }), waiting);
    $("#team-name").value = "";
    remember({ id: made.id, name: made.name });
    say("good", "Your team is made. It can sign up now.", stands(undefined));
    $('#team [data-action="enter"]').focus();
  },
  async enter() {
    say("", "Signing up…");
    const made = await command("POST", entries, JSON.stringify({ team_id: team.id }), waiting);
    setStanding(made, made.position);
    say("good", made.status === "entered" ? "Your team is in." : "Your team waits. It comes in by itself when its turn comes.", stands(made.status));
  },
  async withdraw() {
    const waited = standing.status === "waitlisted";
    say("", "Withdrawing…");
    const left = await command("DELETE", `${entries}/${team.id}`, undefined, waiting);
    setStanding(left, left.position);
    say("good", waited ? "Your team waits no longer." : "Your team has withdrawn.", stands(undefined));
  },
  async another() {
    remember(null);
    say("", "");
    $("#team-name").focus();
  },
  async more(button) {
    const list = lists[button.dataset.list];
    list.limit += page;
    await refresh(list);
    if (focusLost()) $(`#${list.status}-title`).focus();
  },
};

onButton(async (button) => {
  const action = button.dataset.action;
  if (action !== "more" && action !== "another" && !canSend($("#team-message"), "Signing up")) return;
  try {
    await actions[action](button);
  } catch (error) {
    const about = team, wall = obstacle(tournament), { status } = standing;
    say("bad", error.message, () => team === about && obstacle(tournament) === wall && standing.status === status);
    if (error.code === "not_found" && error.resource === "team") remember(null);
    else if (team) await readEntry();
  }
});

// ---- The page as a whole

$("#new-team").addEventListener("submit", (event) => event.preventDefault());
addEventListener("storage", ({ key }) => { if (key === "admitone.team") remember(readStored("localStorage", "team", null)); });
begin();
watch(tournament);
remember(readStored("localStorage", "team", null));
for (const list of Object.values(lists)) refresh(list);
setInterval(showTeam, 1000); // no frame announces that the deadline has passed
