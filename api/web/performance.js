// The page of one performance: its seats, what the visitor chooses, and the booking.

import { bestRequest, showBest, showTypes, typesFit, wanted } from "./best.js";
import { adopt, end, follow, item, placesOf, readBookings, seatsOf, standingOf, statusOf } from "./bookings.js";
import { Choice, counted, maxPlaces } from "./choice.js";
import { command } from "./command.js";
import { hallOf } from "./hall.js";
import { watch } from "./live.js";
import { $, amount, begin, canSend, children, field, focusLost, holder, jwt, me, money, onButton, recheck, showMessage } from "./page.js";
import { SeatMap } from "./seatmap.js";
import { performanceCard } from "./performance-card.js";
import { Standing } from "./standing.js";
import { charge } from "./wallet.js";

const words = { free: "free", held: "on hold", booked: "booked", blocked: "not on sale" };

// say shows a message about the choice, next to it or in another element.
function say(tone, text, holds, place = $("#choice-message")) {
  for (const other of [$("#choice-message"), $("#tray-message")]) if (other !== place) showMessage(other, "", "");
  showMessage(place, tone, text, holds);
}

// near shows a message where it is visible from the map.
const near = (tone, text, holds) => say(tone, text, holds, $("#tray").checkVisibility() ? $("#tray-message") : undefined);

// latched returns a condition that holds until the given one has been true and is false again, because an
// answer may be newer than this page.
const latched = (condition) => {
  let seen = false;
  return () => condition() ? (seen = true) : !seen;
};

// ---- The performance, its sections and its seats

const { plan: planID, prices = "{}" } = $(".performance").dataset;
const plan = await hallOf({ plan: planID, ...JSON.parse(prices), sections: [...document.querySelectorAll(".section:not(.area)")].map((element) => ({
  id: element.dataset.section, name: field(element, "name").textContent,
  rows: Number(element.dataset.rows), seats_per_row: Number(element.dataset.perRow), price: Number(element.dataset.price),
})) }).catch((error) => {
  begin();
  say("bad", error.message);
  throw error;
});
begin(); // a hidden map has no size
const showing = performanceCard($(".performance"), ({ sections, areas = [], prices }) => {
  if (prices) reprice(() => plan.reprice(prices));
  else if (sections.some(({ price }) => price !== undefined)) reprice(() => plan.repriceSections(sections));
  sections.forEach(showSection);
  standing.take(areas);
  show();
});
const own = new Set(); // the visitor's seats
let places = 0; // the number of the visitor's standing places
const choice = new Choice(showing.id, plan, Number(showing.card.dataset.limit), () => own.size + places);
const picks = choice.seats;
const standing = new Standing(plan, choice, stand);
const map = new SeatMap($("[data-seatmap]"), plan, {
  label, mark, act: toggle, full: () => choice.full, note, areaNote: (area) => `${standing.left.get(area)} left`, area: (area) => standing.focus(area),
});
let asking = false; // a booking is in progress, so seats taken now may be its own

const sectionItem = (id) => [...document.querySelectorAll(".section")].find((element) => element.dataset.section === id);

function showSection({ id, remaining }) {
  const element = sectionItem(id);
  field(element, "remaining").textContent = remaining;
  element.toggleAttribute("data-out", remaining === 0);
  showPrice(element, plan.sections.find((section) => section.id === id));
}

// showPrice shows the price of the seats of a section, the lowest if there are several.
function showPrice(element, section) {
  const prices = new Set([...plan.kindsOf(section).values()].map(({ first }) => plan.price(first)));
  field(element, "price").textContent = (prices.size > 1 ? "from " : "") + money(Math.min(...prices));
}

// reprice applies an edit of prices.
function reprice(change) {
  change();
  map.recolour();
  showTypes(plan);
  for (const section of plan.sections) showPrice(sectionItem(section.id), section);
}

function note({ id }) {
  const element = sectionItem(id);
  return `${field(element, "price").textContent} · ${field(element, "remaining").textContent} left`;
}

function label(seat) {
  const state = (own.has(seat) ? "yours, " : "") + words[plan.status(seat)];
  return [plan.name(seat), state, amount(plan.price(seat)), plan.category(seat).name, ...plan.remarks(seat)].filter(Boolean).join(", ");
}

function mark(seat) {
  return own.has(seat) ? "mine" : picks.has(seat) && plan.marks[seat] === 0 ? "picked" : "";
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

// ---- The choice

// gone returns the chosen seats that others have taken.
const gone = () => asking ? [] : [...picks].filter((seat) => plan.status(seat) !== "free");

// bound returns the reason why the choice is full, in a sentence.
function bound() {
  const { limit, spare, size } = choice, mine = own.size + places;
  if (!limit || limit - mine > maxPlaces) return `That is all: a booking has at most ${maxPlaces} seats.`;
  const why = `one person may have ${counted(limit)} here` + (mine > 0 ? `, and you have ${mine} already` : "");
  return size > spare ? `Too many: ${why}. Take ${size - spare} out.` : `That is all: ${why}.`;
}

// toggle adds a seat to the choice, or removes it.
function toggle(seat) {
  const status = plan.status(seat), mine = own.has(seat), chosen = choice.remove(seat);
  if (!chosen && status !== "free") {
    const still = () => plan.status(seat) === status && own.has(seat) === mine;
    return near("warn", `${plan.name(seat)} is ${mine ? "yours" : words[status]}.`, still);
  }
  if (!chosen && choice.full) return near("warn", bound(), () => choice.full);
  if (!chosen) picks.add(seat);
  choiceChanged();
}

// stand adds a place of an area to the choice, or removes one.
function stand(area, type, by) {
  choice.step(area, type, by);
  choiceChanged();
}

function choiceChanged() {
  offer([]);
  near("", "");
  showBound();
  show();
}

// showBound shows that the choice is full before the visitor tries to add to it.
function showBound() {
  if (choice.size > 0 && choice.full) near(choice.size > choice.spare ? "warn" : "", bound(), () => choice.full);
}

// show shows the choice. A chosen seat that others have taken stays in it, and is marked.
function show() {
  choice.save();
  const lost = gone(), { size } = choice;
  const inside = $("#picks").contains(document.activeElement);
  children($("#picks"), [...[...picks].map((seat) => chip(seat, lost.includes(seat))), ...choice.lines().map(standingChip)]);
  if (inside && focusLost()) ($("#picks button") ?? $("#choice-title")).focus();
  $("#no-picks").hidden = size > 0;
  $("#pick-buttons").hidden = $(".chosen").hidden = size === 0;
  const sum = `${choice.words} · ${amount(choice.sum)}`;
  field($(".chosen"), "sum").textContent = sum;
  field($(".chosen"), "seats").textContent = [...[...picks].map((seat) => plan.name(seat)), ...choice.lines().map(placesNamed)].join(", ");
  const [book, short] = document.querySelectorAll('[data-action="book"]');
  book.textContent = lost.length > 0 ? "Find others like these" : `Book ${sum}`;
  short.replaceChildren(lost.length > 0 ? "Find others" : "Book", unseen(lost.length > 0 ? " like these" : ` ${sum}`));
  book.disabled = short.disabled = !showing.open || size > choice.spare && lost.length === 0;
  showLimit();
  standing.show();
  map.changed();
  recheck();
}

const unseen = (textContent) => Object.assign(document.createElement("span"), { className: "unseen", textContent });

// showLimit shows the limit before it is reached.
function showLimit() {
  const { limit, spare } = choice, mine = own.size + places;
  const words = `At most ${counted(limit)} for one person` + (mine > 0 ? `; you have ${mine}.` : ".");
  if (limit && $("#limit").textContent !== words) $("#limit").textContent = words;
  $("#best-quantity").max = Math.max(1, spare);
  $('[data-action="best"]').disabled = !showing.open || spare === 0;
}

function chip(seat, gone) {
  const element = $(`#picks [data-pick="${seat}"]`)?.parentElement ?? document.createElement("li");
  if (!element.firstChild) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    Object.assign(button.dataset, { action: "unpick", pick: seat });
    element.append(button, ...typeSelect(seat));
  }
  element.toggleAttribute("data-gone", gone);
  const words = `${plan.name(seat)} · ${gone ? "gone" : amount(choice.price(seat))} `;
  if (element.firstChild.firstChild?.textContent !== words) {
    element.firstChild.replaceChildren(words, Object.assign(document.createElement("span"), { ariaHidden: "true", textContent: "✕" }), unseen("take out"));
  }
  return element;
}

// typeSelect returns the choice of a seat's price type, if there are several.
function typeSelect(seat) {
  const types = plan.types(plan.category(seat));
  if (types.length < 2) return [];
  const select = Object.assign(document.createElement("select"), { ariaLabel: `Price of ${plan.name(seat)}` });
  select.append(...types.map(({ type, amount: price }) => new Option(`${type} · ${amount(price)}`, type)));
  select.value = choice.types.get(seat) ?? types[0].type;
  select.addEventListener("change", () => { choice.types.set(seat, select.value); show(); });
  return [select];
}

const placesNamed = ({ area, type, quantity }) => `${quantity} × ${area.label.text}${type ? `, ${type}` : ""}`;

function standingChip(line) {
  const element = document.createElement("li");
  element.append(Object.assign(document.createElement("span"), { className: "chip", textContent: placesNamed(line) }));
  return element;
}

// offer shows alternatives, with a button for each.
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

// book requests seats by name or the best ones, and then focuses the button that pays.
async function book(asked) {
  if (!canSend($("#choice-message"), "Booking")) return;
  near("", "Booking…");
  asking = true;
  try {
    const body = JSON.stringify({ ...(jwt ? {} : { holder: me() }), ...asked });
    const made = await command("POST", `/v1/performances/${showing.id}/bookings`, body, () => near("warn", "No answer yet; trying again…"));
    if (asked.seats) picks.clear();
    if (asked.areas) choice.clearPlaces();
    for (const name of made.seats) choice.remove(plan.find(name));
    offer([]);
    adopt(made);
    say("good", `${placesOf(made).join(", ")}: held for you. Pay before the time is up.`, () => statusOf(made.id) === "held");
    $('[data-action="pay"]', item(made.id))?.focus();
  } catch (error) {
    refused(error, error.problem ?? {}, asked);
  } finally {
    asking = false;
    show();
  }
}

function refused(error, { seats = [], alternatives = [], sections = [], areas = [] }, asked) {
  const name = (id) => plan.sections.find((section) => section.id === id)?.name ?? id;
  const quantity = asked.best_available?.quantity ?? choice.size, within = asked.best_available?.section, asker = holder();
  if (error.code === "seat_taken") {
    const taken = () => seats.some((seat) => plan.status(plan.find(seat)) !== "free");
    say("bad", `Others have ${seats.join(", ")}. ${alternatives.length > 0 ? "You could have instead:" : "Choose again."}`, latched(taken));
  } else if (error.code === "sold_out" && areas.length > 0) {
    const left = areas.map(({ area, remaining }) => `${plan.areas.find(({ id }) => id === area)?.label.text ?? area} ${remaining}`).join(", ");
    say("bad", `${error.message} Left: ${left}.`, latched(() => standing.gone().length > 0));
  } else if (error.code === "sold_out") {
    const left = sections.map(({ section, remaining }) => `${name(section)} ${remaining}`).join(", ");
    const remaining = () => within ? Number(field(sectionItem(within), "remaining").textContent) : showing.remaining;
    say("bad", `${error.message} Left: ${left || "nothing"}.`, latched(() => remaining() < quantity));
  } else if (error.code === "limit_exceeded") {
    const over = latched(() => own.size + places + quantity > choice.limit);
    say("bad", error.message, () => holder() === asker && over());
    readBookings(); // this page does not know the booking yet
  } else {
    say("bad", error.message, () => holder() === asker);
  }
  offer(alternatives);
  if (focusLost()) ($("#offers button") ?? $("#choice-title")).focus();
}

// best requests the best available seats.
function best() {
  const fits = () => Number.isInteger(wanted()) && wanted() >= 1 && wanted() <= choice.spare;
  if (!fits()) {
    say("bad", `Say how many seats: 1 to ${choice.spare}.`, () => !fits());
    return $("#best-quantity").focus();
  }
  if (!typesFit()) {
    say("bad", `You want ${counted(wanted())}, so at most ${wanted()} can have another price.`, () => !typesFit());
    return $("#best-types input").focus();
  }
  return book(bestRequest());
}

// ---- The page as a whole

const actions = {
  section(button) { map.focus(plan.nearest(plan.sections.find(({ id }) => id === button.closest(".section").dataset.section))); },
  unpick(button) { toggle(Number(button.dataset.pick)); },
  clear() {
    choice.clear();
    say("", "");
    offer([]);
    show();
    $("#choice-title").focus();
  },
  book() { return book(choice.asked()); },
  take(button) { return book(choice.asked(JSON.parse(button.dataset.seats))); },
  best, charge,
};

onButton((button) => {
  const action = button.dataset.action, booking = button.closest("[data-booking]");
  return booking ? end(action, booking, button) : actions[action](button);
});

showBest(plan);
for (const section of plan.sections) showPrice(sectionItem(section.id), section);
follow(showing.id, showing.title, Object.fromEntries(plan.areas.map((area) => [area.id, area.label.text])), () => {
  own.clear();
  for (const name of seatsOf(showing.id)) own.add(plan.find(name));
  places = standingOf(showing.id);
  show();
  if (!asking) showBound();
});
show();
showBound();
watch(showing);
watch(seats);
