// A waiting room on a card: how many wait and how many are inside, live.

import { clock } from "./command.js";
import { field } from "./page.js";

const count = new Intl.NumberFormat();
export const number = (n) => count.format(n);

// members are what a frame says, each time all of it.
const members = ["status", "order", "opens_at", "seed_hash", "seed", "early", "admit_per_second", "max_active", "heartbeat_seconds", "joined", "admitted", "waiting", "active"];

// roomOn reads a card as the server wrote it, as something to watch. heard is called
// with each frame that it has taken. Where a page has more of the room than its card,
// all says where.
export function roomOn(card, heard, all = card) {
  const { id, position, status, order, perSecond, maxActive, heartbeat, opensAt, seedHash, seed, joined, admitted, waiting, active } = card.dataset;
  const room = {
    card, all, id, topic: "waiting-room:" + id, position: Number(position), status, order, opens_at: opensAt,
    seed_hash: seedHash, seed, admit_per_second: Number(perSecond), max_active: Number(maxActive), heartbeat_seconds: Number(heartbeat),
    joined: Number(joined), admitted: Number(admitted), waiting: Number(waiting), active: Number(active),
    take(data) {
      for (const name of members) this[name] = data[name];
      show(this);
      heard?.();
    },
  };
  show(room);
  setInterval(() => show(room), 1000); // it opens without a word
  return room;
}

// unopened says that nobody comes in yet.
export const unopened = (room) => Boolean(room.opens_at) && clock.now() < Date.parse(room.opens_at);

// obstacle is why nobody comes in now, "" if people do.
export function obstacle(room) {
  if (room.status === "closed") return "Closed";
  if (unopened(room)) return "Not open yet";
  return room.admit_per_second === 0 ? "Paused" : "";
}

function show(room) {
  for (const name of ["waiting", "active", "max_active"]) field(room.all, name).textContent = number(room[name]);
  const notice = field(room.card, "notice"), words = obstacle(room);
  notice.textContent = words;
  notice.hidden = words === "";
}
