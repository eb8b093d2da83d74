// This browser's memory of waiting rooms: places in line, passes, and the way to a room and back.

import { $, forget, keep, recall } from "./page.js";

// A room's id has no dot in it; a holder's name may have.
const name = (room, holder) => `room.${room}.${holder}`;

export const placeIn = (room, holder) => recall("localStorage", name(room, holder), null);

export function keepPlace(room, holder, place) {
  if (place) keep("localStorage", name(room, holder), place);
  else forget("localStorage", name(room, holder));
}

// onPlace calls heard when another tab has changed the holder's place in the room.
export function onPlace(room, holder, heard) {
  addEventListener("storage", ({ key }) => { if (key === "admitone." + name(room, holder())) heard(placeIn(room, holder())); });
}

// lead goes to a waiting room, with the address to return to.
export function lead(room, holder) {
  const query = new URLSearchParams({ to: location.pathname + location.search + location.hash });
  if ($("#holder")?.value.trim() !== holder) query.set("as", holder);
  location.assign(`/waiting-rooms/${encodeURIComponent(room)}?${query}`);
}

// target returns the address to go to: a page of this server, or null, because anyone may have
// written the link. The whole address is returned, and not its path: one such as /.//elsewhere
// has a path that would itself be an address elsewhere.
export function target(search) {
  const to = new URLSearchParams(search).get("to");
  if (!to?.startsWith("/") || !URL.canParse(to, location.origin)) return null;
  const url = new URL(to, location.origin);
  return url.origin === location.origin ? url.href : null;
}
