// The waiting rooms as stored in this browser: places in line, passes, and the way to a room and back.

import { $, readStored, removeStored, writeStored } from "./page.js";

// A room's id has no dot in it; a holder's name may have.
const name = (room, holder) => `room.${room}.${holder}`;

export const placeOf = (room, holder) => readStored("localStorage", name(room, holder), null);

export function storePlace(room, holder, place) {
  if (place) writeStored("localStorage", name(room, holder), place);
  else removeStored("localStorage", name(room, holder));
}

// onPlaceChange calls changed when another tab has changed the holder's place in the room.
export function onPlaceChange(room, holder, changed) {
  addEventListener("storage", ({ key }) => { if (key === "admitone." + name(room, holder())) changed(placeOf(room, holder())); });
}

// goToRoom goes to a waiting room, with the address to return to.
export function goToRoom(room, holder) {
  const query = new URLSearchParams({ to: location.pathname + location.search + location.hash });
  if ($("#holder")?.value.trim() !== holder) query.set("as", holder);
  location.assign(`/waiting-rooms/${encodeURIComponent(room)}?${query}`);
}

// target returns the address to return to if it is a page of this server, else null, because
// anyone may have written the link. It returns the whole address, because the path of one such as
// /.//example.com is itself the address of another server.
export function target(search) {
  const to = new URLSearchParams(search).get("to");
  if (!to?.startsWith("/") || !URL.canParse(to, location.origin)) return null;
  const url = new URL(to, location.origin);
  return url.origin === location.origin ? url.href : null;
}
