// The page of one performance: its seats, what the visitor chooses, and the booking.

import { adopt, end, follow, item, readBookings, seatsOf } from "./bookings.js";
import { command } from "./command.js";
import { watch } from "./link.js";
import { $, amount, begin, children, field, jwt, keep, mayAsk, me, onButton, recall, stranded, tell } from "./page.js";
import { SeatMap } from "./seatmap.js";
import { SeatPlan } from "./seatplan.js";
import { showingOn } from "./showing.js";
import { charge } from "./wallet.js";

const most = 50; // seats in a booking
const words = { free: "free", held: "on hold", booked: "booked", blocked: "not on sale" };
const say = (tone, text) => tell($("#choice-message"), tone, text);

// ---- The performance, its sections and its seats

begin(); // a map that is hidden has no size
const showing = showingOn($(".performance"), ({ sections }) => sections.forEach(showSection));
const plan = new SeatPlan([...document.querySelectorAll(".section")].map((element) => ({
  id: element.dataset.section, name: field(element, "name").textContent,
  rows: Number(element.dataset.rows), seats_per_row: Number(element.dataset.perRow), price: Number(element.dataset.price),
})));
const map = new SeatMap($("[data-seatmap]"), plan, { label, mark, act: toggle });
const own = new Set(); // seats that the visitor has

function showSection({ id, remaining }) {
  const element = $(`.section[data-section="${id}"]`);
  field(element, "remaining").textContent = remaining;
  element.toggleAttribute("data-out", remaining === 0);
}

function label(seat) {
  const state = (own.has(seat) ? "yours, " : "") + words[plan.status(seat)];
  return `${plan.name(seat)}, ${state}, ${amount(plan.price(seat))}`;
}

function mark(seat) {
  return own.has(seat) ? "mine" : picks.has(seat) && plan.status(seat) === "free" ? "picked" : "";
}

const seats = {
  topic: "seats:" + showing.id, position: 0,
  take(data, event) {
    const before = event === "snapshot" ? new Map([...picks].map((seat) => [seat, plan.status(seat)])) : plan.set(data.seats);
    if (event === "snapshot") plan.fill(data.sections);
    if (event === "snapshot" || [...before.keys()].some((seat) => own.has(seat))) readBookings();
    const lost = [...before].some(([seat, was]) => picks.has(seat) && was === "free" && plan.status(seat) !== "free");
    if (lost && !asking) say("warn", `Somebody else was faster: ${gone().map((seat) => plan.name(seat)).join(", ")} went.`);
    show();
  },
};

// ---- What the visitor chooses

const kept = "picks." + showing.id;
const picks = new Set(recall("sessionStorage", kept, []).map((name) => plan.find(name)).filter((seat) => seat >= 0));
let asking = false; // a booking is under way; what goes meanwhile may be its own

// gone are the chosen seats that somebody else has by now.
const gone = () => asking ? [] : [...picks].filter((seat) => plan.status(seat) !== "free");

// toggle takes a seat into the choice, or out of it.
function toggle(seat) {
  if (picks.delete(seat)) say("", "");
  else if (plan.status(seat) !== "free") return say("warn", `${plan.name(seat)} is ${own.has(seat) ? "yours" : words[plan.status(seat)]}.`);
  else if (picks.size === most) return say("warn", `A booking has at most ${most} seats.`);
  else { picks.add(seat); say("", ""); }
  offer([]);
  show();
}

// show shows the choice; a seat in it that has gone meanwhile stays, and says so.
function show() {
  keep("sessionStorage", kept, [...picks].map((seat) => plan.name(seat)));
  const lost = gone();
  const inside = $("#picks").contains(document.activeElement);
  children($("#picks"), [...picks].map((seat) => chip(seat, lost.includes(seat))));
  if (inside && stranded()) ($("#picks button") ?? $("#choice-title")).focus();
  $("#no-picks").hidden = picks.size > 0;
  $("#pick-buttons").hidden = picks.size === 0;
  const sum = [...picks].reduce((sum, seat) => sum + plan.price(seat), 0);
  const book = $('[data-action="book"]');
  book.textContent = lost.length > 0 ? "Find others like these" : `Book ${picks.size} ${picks.size === 1 ? "seat" : "seats"} · ${amount(sum)}`;
  map.changed();
}

function chip(seat, gone) {
  const element = $(`#picks [data-pick="${seat}"]`)?.parentElement ?? document.createElement("li");
  if (!element.firstChild) {
    const button = Object.assign(document.createElement("button"), { type: "button", ariaLabel: `Take ${plan.name(seat)} out` });
    Object.assign(button.dataset, { action: "unpick", pick: seat });
    element.append(button);
  }
  element.toggleAttribute("data-gone", gone);
  element.firstChild.textContent = `${plan.name(seat)} · ${gone ? "gone" : amount(plan.price(seat))} ✕`;
  return element;
}

// offer shows seats that could be had instead, each choice a click away.
function offer(choices) {
  $("#offers").replaceChildren(...choices.map((names) => {
    const price = names.reduce((sum, name) => sum + plan.price(plan.find(name)), 0);
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Book ${names.join(", ")} · ${amount(price)}` });
    Object.assign(button.dataset, { action: "take", seats: JSON.stringify(names) });
    const element = document.createElement("li");
    element.append(button);
    return element;
  }));
}

// ---- The booking

// book asks for seats, by name or the best ones, and leads to paying for them.
async function book(wish) {
  if (!mayAsk($("#choice-message"), "Booking")) return;
  say("", "Booking…");
  asking = true;
  try {
    const body = JSON.stringify({ ...(jwt ? {} : { holder: me() }), ...wish });
    const made = await command("POST", `/v1/performances/${showing.id}/bookings`, body, () => say("warn", "No answer yet; trying again…"));
    if (wish.seats) picks.clear();
    for (const name of made.seats) picks.delete(plan.find(name));
    offer([]);
    adopt(made);
    say("good", `${made.seats.join(", ")}: held for you. Pay before the time is up.`);
    $('[data-action="pay"]', item(made.id))?.focus();
  } catch (error) {
    refused(error, error.problem ?? {});
  } finally {
    asking = false;
    show();
  }
}

function refused(error, { seats = [], alternatives = [], sections = [] }) {
  const name = (id) => plan.sections.find((section) => section.id === id)?.name ?? id;
  if (error.code === "seat_taken") {
    say("bad", `Others have ${seats.join(", ")}. ${alternatives.length > 0 ? "You could have instead:" : "Choose again."}`);
  } else if (error.code === "sold_out") {
    const left = sections.map(({ section, remaining }) => `${name(section)} ${remaining}`).join(", ");
    say("bad", `${error.message} Left: ${left || "nothing"}.`);
  } else {
    say("bad", error.message);
  }
  offer(alternatives);
  if (stranded()) ($("#offers button") ?? $("#choice-title")).focus();
}

// best asks for the best seats left.
function best() {
  const quantity = Number($("#best-quantity").value), section = $("#best-section").value;
  if (!(Number.isInteger(quantity) && quantity >= 1 && quantity <= most)) {
    say("bad", `Say how many seats: 1 to ${most}.`);
    return $("#best-quantity").focus();
  }
  return book({ best_available: { ...(section ? { section } : {}), quantity } });
}

// ---- The page as a whole

const actions = {
  section(button) { map.focus(plan.nearest(plan.sections.find(({ id }) => id === button.closest(".section").dataset.section))); },
  unpick(button) { toggle(Number(button.dataset.pick)); },
  clear() {
    picks.clear();
    say("", "");
    offer([]);
    show();
    $("#choice-title").focus();
  },
  book() { return book({ seats: [...picks].map((seat) => plan.name(seat)) }); },
  take(button) { return book({ seats: JSON.parse(button.dataset.seats) }); },
  best, charge,
};

onButton((button) => {
  const action = button.dataset.action, booking = button.closest("[data-booking]");
  return booking ? end(action, booking) : actions[action](button);
});

follow(showing.id, showing.title, () => {
  own.clear();
  for (const name of seatsOf(showing.id)) own.add(plan.find(name));
  map.changed();
});
show();
watch(showing);
watch(seats);
