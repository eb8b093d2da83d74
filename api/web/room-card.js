// The live card of a waiting room: the number of visitors who wait and who are inside.

import { clock } from "./command.js";
import { field } from "./page.js";

const count = new Intl.NumberFormat();
export const number = (n) => count.format(n);

// members are the members of a frame, which always has all of them.
const members = ["status", "order", "opens_at", "seed_hash", "seed", "early", "admit_per_second", "max_active", "heartbeat_seconds", "joined", "admitted", "waiting", "active"];

// roomCard turns a card as rendered by the server into an item to watch. changed is called after
// each frame. all is the element that contains everything about the room, if that is more than the
// card.
export function roomCard(card, changed, all = card) {
  const { id, position, status, order, perSecond, maxActive, heartbeat, opensAt, seedHash, seed, joined, admitted, waiting, active } = card.dataset;
  const room = {
    card, all, id, topic: "waiting-room:" + id, position: Number(position), status, order, opens_at: opensAt,
    seed_hash: seedHash, seed, admit_per_second: Number(perSecond), max_active: Number(maxActive), heartbeat_seconds: Number(heartbeat),
    joined: Number(joined), admitted: Number(admitted), waiting: Number(waiting), active: Number(active),
    take(data) {
      for (const name of members) this[name] = data[name];
      show(this);
      changed?.();
    },
  };
  show(room);
  setInterval(() => show(room), 1000); // no frame announces the opening
  return room;
}

// unopened returns whether the room is not open yet.
export const unopened = (room) => Boolean(room.opens_at) && clock.now() < Date.parse(room.opens_at);

// obstacle returns why no visitor is admitted now, "" if visitors are.
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
