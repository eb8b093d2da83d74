// The socket that keeps a page current. The page watches topics: each is an object
// with its topic, the position it is as of (0: unknown), and take(data), which is
// given every frame's data once and in order.

import { $, pause } from "./page.js";

const watched = new Map(); // by topic
const link = { socket: null, epoch: document.body.dataset.epoch, failures: 0, timer: 0, heard: 0 };
const firstWait = 500, longestWait = 15_000, patience = 8_000, chunk = 12;

// watch begins to follow a topic, instead of the one with the same name if there is.
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
  link.heard = Date.now();
  if ($("#state").dataset.state === "offline") say("reconnecting", "Reconnecting…");
  socket.onopen = mine(() => subscribe([...watched.values()]));
  socket.onmessage = mine((event) => { link.heard = Date.now(); hear(JSON.parse(event.data)); });
  socket.onclose = mine((event) => reconnect(event.code === 1012 ? Number(event.reason.match(/\d+/)) : 0));
  setTimeout(() => { if (link.socket === socket && socket.readyState === WebSocket.CONNECTING) reconnect(); }, patience);
}

// reconnect gives the socket up at once, for one that is dead does not say so, and
// tries again after a random part of a wait that doubles; or when the server said.
function reconnect(hint = 0) {
  const socket = link.socket;
  link.socket = null;
  socket?.close();
  for (const item of watched.values()) item.current = false;
  const wait = hint || Math.random() * Math.min(longestWait, firstWait * 2 ** link.failures++);
  clearTimeout(link.timer);
  link.timer = setTimeout(connect, wait);
  if (navigator.onLine) say("reconnecting", "Reconnecting…");
  else say("offline", "Offline");
}

// hurry connects now: the network or the reader has come back. A socket that says
// it is open has to prove it.
function hurry() {
  if (link.socket) probe();
  else if (!document.hidden) { link.failures = 0; connect(); }
}

async function probe() {
  const socket = link.socket, asked = Date.now();
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send('{"event":"ping"}');
  await pause(patience);
  if (link.socket === socket && link.heard < asked) reconnect();
}

// subscribe asks for everything behind the last position seen; a message may have
// 4 KiB, so it asks for a dozen at a time.
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
    // A gap. While the answer to the last question is out, older frames may pass by.
    if (item.current) subscribe([item]);
    return;
  }
  item.position = data.position;
  item.take(data, event);
  settle(item);
}

// refused: a topic that is gone stays as it is; any other is asked for again.
function refused(item, { code }) {
  if (code === "not_found" || code === "bad_parameter") return settle(item);
  const socket = link.socket;
  setTimeout(() => { if (link.socket === socket && watched.get(item.topic) === item) subscribe([item]); }, firstWait * (1 + Math.random()));
}

// settle: once everything is current, the page is live.
function settle(item) {
  item.current = true;
  if (![...watched.values()].every((other) => other.current)) return;
  link.failures = 0;
  say("live", "Live");
}

addEventListener("online", hurry);
addEventListener("offline", () => { if (!link.socket) say("offline", "Offline"); });
addEventListener("pageshow", (event) => { if (event.persisted) hurry(); });
document.addEventListener("visibilitychange", hurry);
setInterval(() => { if (Date.now() - link.heard > 20_000) probe(); }, 20_000);
