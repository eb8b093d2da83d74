// The socket that keeps a page current. The page watches topics: each is an object with its
// topic, its position (0: unknown), and take(data), which gets every frame's data once and in
// order.

import { $, recheck } from "./page.js";

const watched = new Map(); // by topic
// settled: everything was current since the socket opened; heard: when the server last sent
// anything; asked: when it was last pinged (0: it has answered); lost: when this device lost its
// network.
const link = { socket: null, epoch: document.body.dataset.epoch, failures: 0, timer: 0, settled: false, heard: 0, asked: 0, lost: 0 };
const firstWait = 500, longestWait = 15_000, patience = 8_000, chunk = 12;
// A socket that has been quiet for so long is pinged, and closed if no answer comes: a dead
// network reports nothing. The first frames may be long.
const quiet = 5_000, deadline = 3_000, longDeadline = 20_000;

// watch follows a topic, replacing one with the same name.
export function watch(item) {
  watched.set(item.topic, Object.assign(item, { current: false }));
  $("#state").hidden = false;
  if (link.socket?.readyState === WebSocket.OPEN) subscribe([item]);
  else connect();
}

// unwatch stops following a topic.
export function unwatch(topic) {
  if (!watched.delete(topic) || link.socket?.readyState !== WebSocket.OPEN) return;
  link.socket.send(JSON.stringify({ event: "unsubscribe", data: { topics: [topic] } }));
}

// show shows the state. Live means that the server was heard of lately.
function show() {
  const open = link.socket?.readyState === WebSocket.OPEN, first = $("#state").dataset.state === "connecting";
  const fresh = Date.now() - link.heard < quiet + 2 * deadline && link.heard > link.lost;
  if (!navigator.onLine && link.heard <= link.lost) say("offline", "Offline");
  else if (open && fresh && link.settled) say("live", "Live");
  else if (!first || link.failures > 0) say("reconnecting", "Reconnecting…");
}

function say(state, words) {
  const pill = $("#state");
  if (pill.dataset.state === state && pill.textContent === words) return;
  pill.dataset.state = state;
  pill.textContent = words;
}

function connect() {
  clearTimeout(link.timer);
  if (link.socket || watched.size === 0) return;
  const socket = link.socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws");
  const mine = (handle) => (event) => { if (link.socket === socket) handle(event); };
  link.asked = 0;
  socket.onopen = mine(() => subscribe([...watched.values()]));
  socket.onmessage = mine((event) => {
    link.heard = Date.now();
    link.asked = 0;
    hear(JSON.parse(event.data));
    show();
  });
  socket.onclose = mine((event) => reconnect(event.code === 1012 ? Number(event.reason.match(/\d+/)) : 0));
  setTimeout(() => { if (link.socket === socket && socket.readyState === WebSocket.CONNECTING) reconnect(); }, patience);
}

// reconnect drops the socket at once, because a dead one does not close, and connects again after
// a random part of a wait that doubles; or when the server asks for it.
function reconnect(hint = 0) {
  const socket = link.socket;
  link.socket = null;
  link.settled = false;
  socket?.close();
  for (const item of watched.values()) item.current = false;
  const wait = hint || Math.random() * Math.min(longestWait, firstWait * 2 ** link.failures++);
  clearTimeout(link.timer);
  link.timer = setTimeout(connect, wait);
  show();
}

// hurry connects now: the network or the reader is back. An open socket has to answer a ping.
function hurry() {
  if (link.socket) ask();
  else if (!document.hidden) { link.failures = 0; connect(); }
  show();
}

// ask pings an open socket, one ping at a time.
function ask() {
  if (link.asked || link.socket?.readyState !== WebSocket.OPEN) return;
  link.asked = Date.now();
  link.socket.send('{"event":"ping"}');
}

// look pings a quiet socket, and drops one that has not answered. In the background a page pings
// rarely.
function look() {
  const now = Date.now();
  if (link.asked && now - link.asked > (link.settled ? deadline : longDeadline)) reconnect();
  else if (now - link.heard > (document.hidden ? 4 * quiet : quiet)) ask();
  if (!document.hidden) show();
}

// subscribe asks for everything after the last position received; a message may have 4 KiB, so it
// asks for a dozen topics at a time.
function subscribe(list) {
  for (let i = 0; i < list.length; i += chunk) {
    const part = list.slice(i, i + chunk);
    for (const item of part) item.current = false;
    const since = Object.fromEntries(part.filter((item) => item.position > 0).map((item) => [item.topic, item.position]));
    link.socket?.send(JSON.stringify({ event: "subscribe", data: { topics: part.map((item) => item.topic), since, epoch: link.epoch } }));
  }
}

function hear({ event, data }) {
  const item = watched.get(data?.topic);
  if (!item) return;
  if (event === "error") return refused(item, data);
  if (event === "snapshot") link.epoch = data.epoch;
  else if (event !== "delta") return;
  else if (data.previous !== item.position) {
    // A gap. Until the last request is answered, older frames may arrive.
    if (item.current) subscribe([item]);
    return;
  }
  item.position = data.position;
  item.take(data, event);
  recheck();
  settle(item);
}

// refused: a topic that does not exist stays as it is; any other is subscribed again.
function refused(item, { code }) {
  if (code === "not_found" || code === "bad_parameter") return settle(item);
  const socket = link.socket;
  setTimeout(() => { if (link.socket === socket && watched.get(item.topic) === item) subscribe([item]); }, firstWait * (1 + Math.random()));
}

// settle: once everything is current, the page is live.
function settle(item) {
  item.current = true;
  if (![...watched.values()].every((other) => other.current)) return;
  link.settled = true;
  link.failures = 0;
}

addEventListener("online", hurry);
addEventListener("offline", () => {
  link.lost = Date.now();
  hurry(); // a server on this device is reachable without a network
});
addEventListener("pageshow", (event) => { if (event.persisted) hurry(); });
document.addEventListener("visibilitychange", hurry);
setInterval(look, 1_000);
