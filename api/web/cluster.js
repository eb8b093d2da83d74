// The page of the nodes, as seen by the node that answers. It reads /v1/cluster every second while
// it is visible.

import { $, announce, begin, children, field, focusLost, jwt, pause, share, showMessage, token } from "./page.js";
import { count, when } from "./kinds.js";

const pace = 1_000, timeout = 5_000; // milliseconds between two requests, and the timeout of one
const cards = new Map(); // name of a node -> its card
let known = false; // an answer is shown

// ---- The nodes

function showNodes({ nodes, departed }) {
  const furthest = Math.max(0, ...nodes.map(({ position }) => position));
  children($("#nodes"), nodes.map((node) => showNode(node, furthest)));
  for (const name of cards.keys()) {
    if (nodes.some((node) => node.name === name)) continue;
    cards.delete(name);
    announce(name, `${name}: ${departed.find((node) => node.name === name)?.state ?? "no longer a node"}`);
  }
}

// showNode returns the card of a node, updated.
function showNode(node, furthest) {
  let card = cards.get(node.name);
  if (!card) cards.set(node.name, card = $("#node").content.cloneNode(true).firstElementChild);
  const state = node.state + (node.suspected ? ", no heartbeat" : "") + (node.keys_differ ? ", keys differ" : "");
  if (known && card.dataset.state !== state) announce(node.name, `${node.name}: ${state}`);
  Object.assign(card.dataset, { state, good: node.state === "serving" && !node.suspected && !node.keys_differ });
  put(card, "name", node.name + (node.self ? " · answers" : ""));
  put(card, "state", state);
  put(card, "share", `${Math.round(100 * node.share)} %`);
  put(card, "heard", node.self ? "itself" : `${node.heard_seconds_ago.toFixed(1)} s ago`);
  put(card, "position", node.position === 0 ? "not reported" : count(node.position) + behind(furthest - node.position));
  put(card, "since", node.since ? when(node.since) : "not reported");
  put(card, "http", node.http);
  put(card, "version", node.version);
  $("rect", card).setAttribute("width", share(node.share, 1));
  return card;
}

const behind = (lag) => lag > 0 ? `, ${count(lag)} behind` : "";

// put writes a text only if it has changed, because a reader may have selected it.
function put(from, name, text) {
  const element = field(from, name);
  if (element.textContent !== text) element.textContent = text;
}

function showDeparted({ departed }) {
  const list = $("#departed tbody"), rows = rowsOf(list);
  children(list, departed.map((node) => {
    const row = rows.get(node.run) ?? tableRow(node.run, node.name, ["state", "at", "http", "version"]);
    for (const name of ["state", "http", "version"]) put(row, name, node[name]);
    put(row, "at", when(node.at));
    return row;
  }));
}

// ---- The requests and the rooms

function showHops({ nodes, hops }) {
  put($("#hops"), "node", nodes.find(({ self }) => self)?.name ?? "this node");
  for (const [name, n] of Object.entries(hops)) put($("#hops"), name, count(n));
}

function showRooms({ rooms }) {
  const list = $("#rooms tbody"), rows = rowsOf(list);
  children(list, rooms.map((room) => showRoom(rows.get(room.id) ?? roomRow(room.id), room)));
}

// rowsOf returns the rows of a table by what they are about.
const rowsOf = (list) => new Map([...list.children].map((row) => [row.dataset.id, row]));

function tableRow(id, head, fields) {
  const row = document.createElement("tr"), first = Object.assign(document.createElement("th"), { scope: "row" });
  row.dataset.id = id;
  first.append(head);
  row.append(first, ...fields.map((name) => {
    const cell = document.createElement("td");
    cell.dataset.field = name;
    return cell;
  }));
  return row;
}

function roomRow(id) {
  const link = document.createElement("a");
  Object.assign(link, { textContent: id, href: "/waiting-rooms/" + encodeURIComponent(id) });
  return tableRow(id, link, ["owner", "node", "term"]);
}

function showRoom(row, { owner, node, term }) {
  put(row, "owner", owner || "none serves");
  put(row, "node", node || (term > 0 ? "none of these nodes" : "nobody yet"));
  put(row, "term", count(term));
  return row;
}

// ---- The work outside

function showCursors({ cursors }) {
  const list = $("#cursors tbody"), rows = rowsOf(list);
  children(list, cursors.map((cursor) =>
    showCursor(rows.get(cursor.stream) ?? tableRow(cursor.stream, cursor.stream, ["node", "term", "reached"]), cursor)));
}

function showCursor(row, { node, term, reached }) {
  put(row, "node", node || "nobody yet");
  put(row, "term", count(term));
  put(row, "reached", count(reached));
  return row;
}

// ---- The page as a whole

function show(view) {
  const serving = view.nodes.filter(({ state, suspected }) => state === "serving" && !suspected).length;
  showMessage($("#cluster-summary"), "", view.clustered ? `${serving} of ${view.nodes.length} nodes serve, in the view ${view.view}. Nodes with the same view agree on who owns what.`
    : "This server runs alone; see admitone serve --cluster.");
  showNodes(view);
  showDeparted(view);
  showHops(view);
  showRooms(view);
  showCursors(view);
  $("#departed").hidden = view.departed.length === 0;
  $("#hops").hidden = !view.clustered;
  $("#rooms").hidden = view.rooms.length === 0;
  $("#cursors").hidden = view.cursors.length === 0;
  known = true;
  if (focusLost() && document.activeElement !== document.body) $("#main").focus();
}

// say shows whether the figures are current.
function say(state, words) {
  const pill = $("#state");
  if (pill.dataset.state === state) return;
  pill.hidden = false;
  pill.dataset.state = state;
  pill.textContent = words;
}

// read sends one request, and shows the answer or the error.
async function read() {
  const headers = jwt && token() ? { Authorization: "Bearer " + token() } : {};
  const answer = await fetch("/v1/cluster", { headers, cache: "no-store", signal: AbortSignal.timeout(timeout) }).catch(() => null);
  const data = await answer?.json().catch(() => null);
  if (answer?.ok && data) {
    show(data);
    showMessage($("#cluster-message"), "", "");
    say("live", "Live");
  } else if (data?.detail && answer.status < 500) {
    const words = data.detail.replace(/^./u, (first) => first.toUpperCase()) + ".";
    if ($("#cluster-message").textContent !== words) showMessage($("#cluster-message"), "bad", words);
  } else if (known) say("reconnecting", "Reconnecting…");
}

begin();
for (;;) {
  if (!document.hidden && (!jwt || token())) await read();
  await pause(pace);
}
