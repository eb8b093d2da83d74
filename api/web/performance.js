// The page of one performance: its seats, what the visitor chooses, and the booking.

import { adopt, end, follow, item, readBookings, seatsOf, statusOf } from "./bookings.js";
import { command } from "./command.js";
import { watch } from "./live.js";
import { $, amount, begin, children, field, holder, jwt, keep, mayAsk, me, money, onButton, recall, recheck, stranded, tell } from "./page.js";
import { SeatMap } from "./seatmap.js";
import { SeatPlan } from "./seatplan.js";
import { performanceCard } from "./performance-card.js";
import { charge } from "./wallet.js";

const most = 50; // seats in a booking
const words = { free: "free", held: "on hold", booked: "booked", blocked: "not on sale" };

// say shows a message about the choice: next to it, or in another place.
function say(tone, text, holds, place = $("#choice-message")) {
  for (const other of [$("#choice-message"), $("#tray-message")]) if (other !== place) tell(other, "", "");
  tell(place, tone, text, holds);
}

// near shows it where a visitor at the map can see it.
const near = (tone, text, holds) => say(tone, text, holds, $("#tray").checkVisibility() ? $("#tray-message") : undefined);

// latched makes a condition hold until it has been true once and is false again: an answer may be
// ahead of this page.
const latched = (condition) => {
  let seen = false;
  return () => condition() ? (seen = true) : !seen;
};

// ---- The performance, its sections and its seats

begin(); // a hidden map has no size
const showing = performanceCard($(".performance"), ({ sections }) => {
  sections.forEach(showSection);
  show();
});
const plan = new SeatPlan([...document.querySelectorAll(".section")].map((element) => ({
  id: element.dataset.section, name: field(element, "name").textContent,
  rows: Number(element.dataset.rows), seats_per_row: Number(element.dataset.perRow), price: Number(element.dataset.price),
})));
const map = new SeatMap($("[data-seatmap]"), plan, { label, mark, act: toggle, full });
const own = new Set(); // seats that the visitor has

function showSection({ id, remaining, price }) {
  const element = $(`.section[data-section="${id}"]`);
  if (price !== undefined) { // it has been edited, or is told anew
    plan.sections.find((section) => section.id === id).price = price;
    field(element, "price").textContent = money(price);
  }
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
    if (lost && !asking) {
      const went = gone();
      near("warn", `Somebody else was faster: ${went.map((seat) => plan.name(seat)).join(", ")} went.`, () => went.some((seat) => gone().includes(seat)));
    }
    show();
  },
};

// ---- What the visitor chooses

const kept = "picks." + showing.id;
const picks = new Set(recall("sessionStorage", kept, []).map((name) => plan.find(name)).filter((seat) => seat >= 0));
let asking = false; // a booking is under way; seats that go meanwhile may be its own

// gone returns the chosen seats that others have by now.
const gone = () => asking ? [] : [...picks].filter((seat) => plan.status(seat) !== "free");

const limit = Number(showing.card.dataset.limit); // of one holder's seats; 0 is none

// spare returns how many seats the visitor may choose.
function spare() { return limit ? Math.max(0, Math.min(most, limit - own.size)) : most; }

// full returns whether no more can be chosen; bound returns why, in a sentence.
function full() { return picks.size >= spare(); }
function bound() {
  if (!limit || limit - own.size > most) return `That is all: a booking has at most ${most} seats.`;
  const why = `one person may have ${counted(limit)} here` + (own.size > 0 ? `, and you have ${own.size} already` : "");
  return picks.size > spare() ? `Too many: ${why}. Take ${picks.size - spare()} out.` : `That is all: ${why}.`;
}
const counted = (n) => `${n} ${n === 1 ? "seat" : "seats"}`;

// toggle adds a seat to the choice, or removes it.
function toggle(seat) {
  const status = plan.status(seat), mine = own.has(seat), chosen = picks.delete(seat);
  if (!chosen && status !== "free") {
    const still = () => plan.status(seat) === status && own.has(seat) === mine;
    return near("warn", `${plan.name(seat)} is ${mine ? "yours" : words[status]}.`, still);
  }
  if (!chosen && full()) return near("warn", bound(), full);
  if (!chosen) picks.add(seat);
  offer([]);
  near("", "");
  tellBound();
  show();
}

// tellBound shows that the choice is full, before the visitor tries to choose more.
function tellBound() {
  if (picks.size > 0 && full()) near(picks.size > spare() ? "warn" : "", bound(), full);
}

// show shows the choice; a seat in it that has gone meanwhile stays, and is marked.
function show() {
  keep("sessionStorage", kept, [...picks].map((seat) => plan.name(seat)));
  const lost = gone();
  const inside = $("#picks").contains(document.activeElement);
  children($("#picks"), [...picks].map((seat) => chip(seat, lost.includes(seat))));
  if (inside && stranded()) ($("#picks button") ?? $("#choice-title")).focus();
  $("#no-picks").hidden = picks.size > 0;
  $("#pick-buttons").hidden = $(".chosen").hidden = picks.size === 0;
  const sum = `${counted(picks.size)} · ${amount([...picks].reduce((sum, seat) => sum + plan.price(seat), 0))}`;
  field($(".chosen"), "sum").textContent = sum;
  field($(".chosen"), "seats").textContent = [...picks].map((seat) => plan.name(seat)).join(", ");
  const [book, short] = document.querySelectorAll('[data-action="book"]');
  book.textContent = lost.length > 0 ? "Find others like these" : `Book ${sum}`;
  short.replaceChildren(lost.length > 0 ? "Find others" : "Book", unseen(lost.length > 0 ? " like these" : ` ${sum}`));
  book.disabled = short.disabled = !showing.open || picks.size > spare() && lost.length === 0;
  showLimit();
  map.changed();
  recheck();
}

const unseen = (textContent) => Object.assign(document.createElement("span"), { className: "unseen", textContent });

// showLimit shows the limit before it is reached.
function showLimit() {
  const words = `At most ${counted(limit)} for one person` + (own.size > 0 ? `; you have ${own.size}.` : ".");
  if (limit && $("#limit").textContent !== words) $("#limit").textContent = words;
  $("#best-quantity").max = Math.max(1, spare());
  $('[data-action="best"]').disabled = !showing.open || spare() === 0;
}

function chip(seat, gone) {
  const element = $(`#picks [data-pick="${seat}"]`)?.parentElement ?? document.createElement("li");
  if (!element.firstChild) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    Object.assign(button.dataset, { action: "unpick", pick: seat });
    element.append(button);
  }
  element.toggleAttribute("data-gone", gone);
  const words = `${plan.name(seat)} · ${gone ? "gone" : amount(plan.price(seat))} `;
  if (element.firstChild.firstChild?.textContent !== words) {
    element.firstChild.replaceChildren(words, Object.assign(document.createElement("span"), { ariaHidden: "true", textContent: "✕" }), unseen("take out"));
  }
  return element;
}

// offer shows alternative seats, each choice a click away.
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

// book asks for seats, by name or the best ones, and leads to their payment.
async function book(asked) {
  if (!mayAsk($("#choice-message"), "Booking")) return;
  near("", "Booking…");
  asking = true;
  try {
    const body = JSON.stringify({ ...(jwt ? {} : { holder: me() }), ...asked });
    const made = await command("POST", `/v1/performances/${showing.id}/bookings`, body, () => near("warn", "No answer yet; trying again…"));
    if (asked.seats) picks.clear();
    for (const name of made.seats) picks.delete(plan.find(name));
    offer([]);
    adopt(made);
    say("good", `${made.seats.join(", ")}: held for you. Pay before the time is up.`, () => statusOf(made.id) === "held");
    $('[data-action="pay"]', item(made.id))?.focus();
  } catch (error) {
    refused(error, error.problem ?? {}, asked);
  } finally {
    asking = false;
    show();
  }
}

function refused(error, { seats = [], alternatives = [], sections = [] }, asked) {
  const name = (id) => plan.sections.find((section) => section.id === id)?.name ?? id;
  const asker = holder(), quantity = asked.seats?.length ?? asked.best_available.quantity, within = asked.best_available?.section;
  if (error.code === "seat_taken") {
    const taken = () => seats.some((seat) => plan.status(plan.find(seat)) !== "free");
    say("bad", `Others have ${seats.join(", ")}. ${alternatives.length > 0 ? "You could have instead:" : "Choose again."}`, latched(taken));
  } else if (error.code === "sold_out") {
    const left = sections.map(({ section, remaining }) => `${name(section)} ${remaining}`).join(", ");
    const remaining = () => within ? Number(field($(`.section[data-section="${within}"]`), "remaining").textContent) : showing.remaining;
    say("bad", `${error.message} Left: ${left || "nothing"}.`, latched(() => remaining() < quantity));
  } else if (error.code === "limit_exceeded") {
    const over = latched(() => own.size + quantity > limit);
    say("bad", error.message, () => holder() === asker && over());
    readBookings(); // this page does not know the booking yet
  } else {
    say("bad", error.message, () => holder() === asker);
  }
  offer(alternatives);
  if (stranded()) ($("#offers button") ?? $("#choice-title")).focus();
}

// best asks for the best available seats.
function best() {
  const wanted = () => Number($("#best-quantity").value), section = $("#best-section").value;
  const fits = () => Number.isInteger(wanted()) && wanted() >= 1 && wanted() <= spare();
  if (!fits()) {
    say("bad", `Say how many seats: 1 to ${spare()}.`, () => !fits());
    return $("#best-quantity").focus();
  }
  return book({ best_available: { ...(section ? { section } : {}), quantity: wanted() } });
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
  show();
  if (!asking) tellBound();
});
show();
tellBound();
watch(showing);
watch(seats);
