// The visitor's bookings: found again after a reload, paid, extended, released.

import { command, known, timeLeft } from "./command.js";
import { $, amount, announce, canSend, children, field, focusLost, holder, jwt, pause, recheck, showMessage, token } from "./page.js";
import { readWallet, showShortfall } from "./wallet.js";

const bookings = new Map(); // by id, in the order of creation
const titles = new Map(); // of performances, by id
const areaNames = new Map(); // of the areas of performances, by their ids
const ended = 3; // unsuccessful bookings shown at most
let owner = ""; // the holder of the bookings
let onChange = () => {};

// follow shows the visitor's bookings, and calls changed whenever they change. title is that of
// the performance with this id, areas the names of its areas by id.
export function follow(id, title, areas, changed) {
  titles.set(id, title);
  areaNames.set(id, areas);
  onChange = changed;
  const read = () => { readBookings(); readWallet(); };
  let typing = 0;
  for (const who of [$("#holder"), $("#token")]) {
    who?.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(read, 300); });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) read(); });
  setInterval(tick, 500);
  read();
}

const bookingsOf = (performance) => [...bookings.values()].filter((b) => b.performance_id === performance && b.status in { held: 1, paying: 1, booked: 1 });

// seatsOf returns the names of the visitor's seats in a performance, standingOf the number of
// standing places.
export const seatsOf = (performance) => bookingsOf(performance).flatMap((b) => b.seats);
export const standingOf = (performance) => bookingsOf(performance).flatMap((b) => Object.values(b.areas ?? {})).reduce((sum, n) => sum + n, 0);

// placesOf returns the seats and standing places of a booking in words; of one whose seats were all
// returned, those seats.
export function placesOf({ performance_id: id, seats, returned = [], areas = {} }) {
  const standing = Object.entries(areas).map(([area, n]) => `${n} × ${areaNames.get(id)?.[area] ?? area}`);
  return [...(seats.length || standing.length ? seats : returned), ...standing];
}

const reading = { busy: false, again: false };

// readBookings reads the bookings, and again if asked to meanwhile.
export async function readBookings(wait = 50) {
  reading.again = true;
  if (reading.busy) return;
  reading.busy = true;
  await pause(wait);
  while (reading.again) {
    reading.again = false;
    const name = holder();
    const found = name && !(jwt && !token()) ? await list(name).catch(() => null) : [];
    if (name !== holder()) reading.again = true;
    else if (found || name !== owner) adoptList(name, found ?? []);
  }
  reading.busy = false;
}

async function list(name) {
  const found = [];
  for (let cursor = ""; ;) {
    const query = new URLSearchParams({ limit: 500, cursor, min_position: known.position });
    const { items, next } = await command("GET", `/v1/holders/${encodeURIComponent(name)}/bookings?${query}`);
    found.push(...items);
    if (!next) return found;
    cursor = next;
  }
}

function adoptList(name, found) {
  if (name !== owner) bookings.clear();
  owner = name;
  for (const booking of found) {
    if (booking.position >= (bookings.get(booking.id)?.position ?? 0)) bookings.set(booking.id, booking);
  }
  show();
}

// adopt applies a booking from an answer.
export function adopt(booking) {
  if (booking.position >= (bookings.get(booking.id)?.position ?? 0)) bookings.set(booking.id, booking);
  show();
}

// statusOf returns the status of a booking, undefined if the visitor has none with that id.
export const statusOf = (id) => bookings.get(id)?.status;

// item returns the element of a booking.
export const item = (id) => $(`#bookings [data-booking="${id}"]`);

function show() {
  const newest = [...bookings.values()].reverse();
  const of = (...statuses) => newest.filter(({ status }) => statuses.includes(status));
  const shown = [...of("held", "paying"), ...of("booked"), ...of("expired", "released", "cancelled").slice(0, ended)];
  const lost = $("#bookings").contains(document.activeElement);
  children($("#bookings"), shown.map((booking) => {
    const element = item(booking.id) ?? $("#booking").content.cloneNode(true).firstElementChild;
    element.dataset.booking = booking.id;
    return fill(element, booking);
  }));
  $("#no-bookings").hidden = shown.length > 0;
  if (lost && focusLost()) $("#mine-title").focus();
  if (of("paying").length > 0) readBookings(2000); // its outcome is due
  onChange();
  recheck();
}

const states = { held: "On hold", paying: "The payment is under way", awaiting_payment: "Waits for its payment", booked: "Booked and paid", released: "Given back", expired: "The time ran out", cancelled: "Cancelled; what was paid is refunded" };

function fill(element, booking) {
  const { id, status, extended, performance_id } = booking;
  const places = placesOf(booking);
  if (element.dataset.status !== status) $("[data-sure]", element).dataset.sure = "";
  element.dataset.status = status;
  field(element, "what").textContent = titles.get(performance_id) ?? performance_id;
  field(element, "what").href = "/performances/" + performance_id;
  if (!titles.has(performance_id)) name(performance_id);
  field(element, "seats").textContent = places.join(", ");
  field(element, "status").textContent = `${states[status]} · ${amount(booking.amount)}`;
  for (const of of element.querySelectorAll('[data-field="of"]')) of.textContent = ": " + places.join(", ");
  const shown = { pay: status === "held" || status === "expired", extend: status === "held" && !extended, return: status === "held" || status === "booked" };
  for (const action in shown) $(`[data-action="${action}"]`, element).hidden = !shown[action];
  $('[data-action="pay"]', element).textContent = status === "held" ? "Pay " + amount(booking.amount) : "Pay after all";
  parts(element, booking);
  field(element, "clock").hidden = status !== "held";
  if (status === "held") countDown(element, id);
  return element;
}

// parts shows a button for each seat of a booking that can be given back alone.
function parts(element, { status, seats, areas }) {
  const some = field(element, "parts"), shown = status === "booked" && (seats.length > 1 || seats.length > 0 && areas);
  some.hidden = !shown;
  children($(".buttons", some), shown ? seats.map((seat) => {
    const had = [...some.querySelectorAll("button")].find(({ dataset }) => dataset.seat === seat);
    if (had) return had;
    const button = $("#part").content.cloneNode(true).firstElementChild;
    button.dataset.seat = seat;
    $(".calm", button).textContent = seat;
    $(".sure", button).textContent = `Really give ${seat} back?`;
    return button;
  }) : []);
}

// name reads the title of another page's performance.
async function name(id) {
  titles.set(id, id);
  const performance = await command("GET", "/v1/performances/" + id).catch(() => null);
  if (!performance) return;
  titles.set(id, performance.title);
  show();
}

const warned = new Set(), asking = new Set(); // ids of bookings that expire soon, and that have expired

function countDown(element, id) {
  const booking = bookings.get(id), [left, words] = timeLeft(booking.expires_at);
  field(element, "clock").textContent = words;
  if (left <= 60 && left > 5 && !warned.has(id)) {
    warned.add(id);
    announce(id, `${left} seconds left to pay for ${placesOf(booking).join(", ")}`);
  }
  if (left > 0 || asking.has(id)) return;
  asking.add(id);
  readBookings().finally(() => setTimeout(() => asking.delete(id), 1000));
}

function tick() {
  for (const element of document.querySelectorAll('#bookings [data-status="held"]')) countDown(element, element.dataset.booking);
}

const say = (tone, text, holds) => showMessage($("#bookings-message"), tone, text, holds);
const waiting = () => say("warn", "No answer yet; trying again…");

const actions = {
  async pay({ id }) {
    say("", "Paying…");
    adopt(await command("POST", `/v1/bookings/${id}/payment`, "{}", waiting));
    say("good", "Paid. The seats are yours.", () => statusOf(id) === "booked");
    readWallet();
  },
  async extend({ id }) {
    adopt(await command("POST", `/v1/bookings/${id}/extension`, "{}", waiting));
    warned.delete(id);
    say("good", "You have more time. There is no more after this.", () => statusOf(id) === "held");
  },
  async return({ id, status }) {
    adopt(await command("DELETE", `/v1/bookings/${id}`, undefined, waiting));
    say("good", status === "booked" ? "Given back; the money is in your wallet." : "Given back.", () => ["released", "cancelled"].includes(statusOf(id)));
    readWallet();
  },
  async part({ id }, { dataset: { seat } }) {
    adopt(await command("DELETE", `/v1/bookings/${id}/seats/${encodeURIComponent(seat)}`, undefined, waiting));
    say("good", `${seat} is given back.`, () => !bookings.get(id)?.seats.includes(seat));
    readWallet();
  },
};

// end pays, extends or releases the booking of an element, or gives back the seat of its button,
// and keeps the focus near it.
export async function end(action, element, button) {
  if (!canSend($("#bookings-message"), "Booking")) return;
  const booking = bookings.get(element.dataset.booking);
  try {
    await actions[action](booking, button);
  } catch (error) {
    const status = statusOf(booking.id), still = () => statusOf(booking.id) === status;
    if (error.code === "insufficient_balance") {
      say("", "");
      showShortfall(error.problem, still);
    } else say("bad", error.message, still);
    readBookings();
  }
  if (focusLost()) ($("button:not([hidden])", item(booking.id) ?? element)?.checkVisibility() ? $("button:not([hidden])", item(booking.id)) : $("#mine-title")).focus();
}
