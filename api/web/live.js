// The live updates of a page: the client's socket, and the display of its state. A watched item has
// a topic, a position (0: unknown), and take(data), which gets every frame's data once and in
// order.

import { LiveSocket } from "../client/socket.js";
import { $, recheck } from "./page.js";

const fresh = 11_000; // a quiet socket is pinged after 5 s, and closed 3 s later if no answer comes
let lost = 0; // when this device lost its network

const socket = new LiveSocket(location.origin.replace(/^http/, "ws") + "/ws",
  { epoch: document.body.dataset.epoch, changed: show, hidden: () => document.hidden });

// watch follows a topic, replacing one with the same name.
export function watch(item) {
  $("#state").hidden = false;
  socket.watch({
    topic: item.topic,
    get position() { return item.position; },
    set position(position) { item.position = position; },
    take(data, event) { item.take(data, event); recheck(); },
  });
}

// unwatch stops following a topic.
export function unwatch(topic) { socket.unwatch(topic); }

// show shows the state. Live means that the server has sent something lately.
function show() {
  const first = $("#state").dataset.state === "connecting", alive = socket.heard > lost;
  if (!navigator.onLine && !alive) say("offline", "Offline");
  else if (socket.open && alive && Date.now() - socket.heard < fresh && socket.settled) say("live", "Live");
  else if (!first || socket.failures > 0) say("reconnecting", "Reconnecting…");
}

function say(state, words) {
  const pill = $("#state");
  if (pill.dataset.state === state && pill.textContent === words) return;
  pill.dataset.state = state;
  pill.textContent = words;
}

// reconnect connects at once: the network or the reader is back.
function reconnect() {
  socket.hurry();
  show();
}

addEventListener("online", reconnect);
addEventListener("offline", () => {
  lost = Date.now();
  reconnect(); // a server on this device is reachable without a network
});
addEventListener("pageshow", (event) => { if (event.persisted) reconnect(); });
document.addEventListener("visibilitychange", reconnect);
