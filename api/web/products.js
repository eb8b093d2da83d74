// The page of products: their live counts, and the reservations of this browser.

import { command, timeLeft } from "./command.js";
import { watch } from "./live.js";
import { $, announce, begin, canSend, field, focusLost, highlightChange, holder, jwt, me, money, onButton, onNewCards, readStored, recheck, serves, share, showMessage, token, writeStored } from "./page.js";
import { showTimes } from "./sale-times.js";

// ---- Products

const products = new Map(); // by topic
const myReservations = new Map(); // the reservations of this browser, by id
function productCard(card) {
  const { id, position, remaining, held, sold, limit, price, opens, closes, cancelled } = card.dataset;
  const product = {
    card, id, topic: "product:" + id, position: Number(position),
    name: field(card, "name").textContent, remaining: Number(remaining), held: Number(held), sold: Number(sold), limit: Number(limit), price: Number(price), opens, closes, cancelled,
    take(data) { take(product, data); },
  };
  products.set(product.topic, product);
  return product;
}
for (const card of document.querySelectorAll(".product")) productCard(card);

// take applies a frame's counts, which are absolute, to a product and shows them.
function take(product, data) {
  const { remaining: before, price } = product;
  for (const name of ["remaining", "held", "sold", "name", "price"]) {
    if (data[name] !== undefined) product[name] = data[name];
  }
  if (data.cancelled) product.cancelled = data.cancelled.reason;
  if (data.name !== undefined) Object.assign(product, { opens: data.opens_at, closes: data.closes_at }); // a frame with a name has all editable members
  show(product);
  if (product.price !== price) list();
  if (data.name !== undefined && full(product)) readLimit(product);
  if (product.remaining === before) return;
  announce(product, `${product.name}: ${product.remaining === 0 ? "sold out" : product.remaining + " left"}`);
  highlightChange(field(product.card, "remaining"), product.remaining < before);
}

function show(product) {
  const { card, remaining, held, sold } = product;
  const stock = remaining + held + sold;
  for (const [name, value] of Object.entries({ remaining, held, sold, stock, name: product.name })) field(card, name).textContent = value;
  field(card, "price").textContent = money(product.price);
  const bars = { sold: $('[data-bar="sold"]', card), held: $('[data-bar="held"]', card) };
  bars.sold.setAttribute("width", share(sold, stock));
  bars.held.setAttribute("x", share(sold, stock));
  bars.held.setAttribute("width", share(held, stock));
  product.open = showTimes(product);
  const out = remaining === 0, over = out || full(product) || !product.open;
  card.toggleAttribute("data-out", out);
  showLimit(product);
  for (const action of ["reserve", "hold"]) {
    const button = $(`.buttons [data-action="${action}"]`, card);
    // A button that is disabled while pressed must not lose the focus.
    if (over && document.activeElement === button) field(card, "name").focus();
    button.disabled = over;
    $(".unseen", button).textContent = ": " + product.name;
  }
}

// ---- The limit per holder

// ownUnits returns the visitor's units of a product, as far as this browser knows.
const ownUnits = (product) => [...myReservations.values()].filter((claim) => claim.product_id === product.id && claim.holder === holder() && claim.status in { held: 1, confirmed: 1 })
  .reduce((sum, claim) => sum + claim.quantity, 0);

// full returns whether the visitor may not have more of a product.
const full = (product) => product.limit > 0 && ownUnits(product) >= product.limit;

function showLimit(product) {
  const place = field(product.card, "limit");
  if (!place) return;
  const n = ownUnits(product), words = full(product) ? `You have ${n}, and one person may have ${product.limit}.` : `At most ${product.limit} for one person` + (n > 0 ? `; you have ${n}` : "");
  place.hidden = product.limit === 0;
  if (place.textContent !== words) place.textContent = words;
}

// readLimit reads the limit, which frames do not carry: an edit may have raised it.
async function readLimit(product) {
  const now = await command("GET", `/v1/products/${product.id}?min_position=${product.position}`).catch(() => null);
  if (!now) return;
  product.limit = now.limit_per_holder;
  show(product);
}

async function reserve(product, hold) {
  const message = field(product.card, "message");
  if (!canSend(message, "Reserving")) return;
  showMessage(message, "", hold ? "Holding one…" : "Reserving one…");
  const body = JSON.stringify({ ...(jwt ? {} : { holder: me() }), quantity: 1, ...(hold ? { hold } : {}) });
  try {
    const made = await command("POST", `/v1/products/${product.id}/reservations`, body,
      () => showMessage(message, "warn", "No answer yet; trying again…"));
    myReservations.set(made.id, { ...made, name: product.name, price: product.price });
    store();
    const status = made.status, still = () => myReservations.get(made.id)?.status === status;
    // With a token, a product with a price is held until it is paid.
    const next = payable(made) ? "Whoever takes the payment confirms it before the time is up." : "Confirm before the time is up.";
    showMessage(message, "good", status === "held" ? `Held for you. ${next}` : "Reserved. It is among your reservations.", still);
  } catch (error) {
    const name = holder(), { remaining } = product;
    const still = { sold_out: () => product.remaining === remaining, limit_exceeded: () => holder() === name && !full(product), invalid_field: () => holder() === name };
    showMessage(message, "bad", error.message, still[error.code]);
  }
}

// ---- Reservations of this browser

// payable reports whether a reservation has a price, so that a caller who takes payments confirms
// it.
const payable = (claim) => !serves() && (products.get("product:" + claim.product_id)?.price ?? claim.price ?? 0) > 0;

const path = (claim) => `/v1/products/${claim.product_id}/reservations/${claim.id}`;

function load() {
  myReservations.clear();
  for (const claim of readStored("localStorage", "reservations", [])) myReservations.set(claim.id, claim);
  list();
}
function store() {
  writeStored("localStorage", "reservations", [...myReservations.values()].slice(-200));
  list();
}

// list shows the reservations: a hold next to its product, all others in the list of reservations.
function list() {
  for (const old of document.querySelectorAll(".claim")) if (!myReservations.has(old.dataset.claim)) old.remove();
  for (const claim of myReservations.values()) {
    const card = products.get("product:" + claim.product_id)?.card;
    const place = claim.status === "held" && card ? field(card, "holds") : $("#mine");
    const item = $(`[data-claim="${claim.id}"]`) ?? $("#claim").content.cloneNode(true).firstElementChild;
    item.dataset.claim = claim.id;
    if (item.parentElement !== place) place.prepend(item);
    fill(item, claim);
  }
  $("#none").hidden = $("#mine").childElementCount > 0;
  for (const product of products.values()) if (product.limit > 0) show(product);
  recheck();
}

const states = { held: "On hold", confirmed: "Confirmed", expired: "The hold ran out; it went back on sale", cancelled: "Cancelled", gone: "No longer there" };

function fill(item, claim) {
  if (item.dataset.status !== claim.status) $("[data-sure]", item).dataset.sure = "";
  item.dataset.status = claim.status;
  field(item, "what").textContent = `${claim.quantity} × ${claim.name}`;
  field(item, "status").textContent = states[claim.status] + (claim.holder ? ` · ${claim.holder}` : "");
  for (const of of item.querySelectorAll('[data-field="of"]')) of.textContent = ": " + claim.name;
  const shown = { confirm: claim.status === "held" && !payable(claim), release: claim.status in { held: 1, confirmed: 1 }, dismiss: claim.status in { expired: 1, gone: 1 } };
  for (const action in shown) $(`[data-action="${action}"]`, item).hidden = !shown[action];
  field(item, "payment").hidden = claim.status !== "held" || !payable(claim);
  field(item, "clock").hidden = claim.status !== "held";
  if (claim.status === "held") countDown(item, claim);
}

const asking = new Set(); // ids of expired reservations
function countDown(item, claim) {
  const [left, words] = timeLeft(claim.expires_at);
  field(item, "clock").textContent = words;
  if (left > 0 || asking.has(claim.id)) return;
  asking.add(claim.id);
  refresh(claim).finally(() => setTimeout(() => asking.delete(claim.id), 1000));
}

// refresh reads a reservation from the server.
async function refresh(claim) {
  if (jwt && !token()) return;
  try {
    adopt(claim, await command("GET", path(claim)));
  } catch (error) {
    if (error.code === "not_found") adopt(claim, { status: "gone" });
  }
}

function adopt(claim, now) {
  if (!myReservations.has(claim.id)) return;
  if (now.status === "released") myReservations.delete(claim.id);
  else myReservations.set(claim.id, { ...claim, ...now });
  store();
}

// end confirms, releases or dismisses a reservation, and keeps the focus near it.
async function end(claim, action, item) {
  const card = products.get("product:" + claim.product_id)?.card;
  const message = card?.contains(item) ? field(card, "message") : $("#mine-message");
  try {
    if (action === "confirm") adopt(claim, await command("POST", path(claim) + "/confirm"));
    if (action === "release") adopt(claim, await command("DELETE", path(claim)));
    if (action === "dismiss") { myReservations.delete(claim.id); store(); }
    if (action === "dismiss") showMessage(message, "", "");
    else if (action === "confirm") showMessage(message, "good", "Confirmed. It is among your reservations.", () => myReservations.get(claim.id)?.status === "confirmed");
    else {
      const { size } = myReservations;
      showMessage(message, "good", `Released: ${claim.quantity} × ${claim.name}.`, () => myReservations.size === size);
    }
  } catch (error) {
    await refresh(claim);
    const now = myReservations.get(claim.id)?.status;
    showMessage(message, "bad", error.message, () => myReservations.get(claim.id)?.status === now);
  }
  if (!focusLost()) return;
  ($(`[data-claim="${claim.id}"] button:not([hidden])`) ?? (message.id ? $("#mine-title") : field(card, "name"))).focus();
}

// ---- The page as a whole

onButton(async (button) => {
  const item = button.closest("[data-claim]");
  if (item) await end(myReservations.get(item.dataset.claim), button.dataset.action, item);
  else await reserve(products.get("product:" + button.closest(".product").dataset.id), button.dataset.action === "hold");
});

begin();
for (const product of products.values()) {
  show(product);
  watch(product);
}
onNewCards(".product", (card) => {
  const product = productCard(card);
  show(product);
  watch(product);
});
load();
for (const claim of myReservations.values()) refresh(claim);

addEventListener("storage", load);
document.addEventListener("input", ({ target }) => { if (target.matches("#holder, #token")) list(); });
setInterval(() => {
  for (const product of products.values()) if ((product.opens || product.closes) && showTimes(product) !== product.open) show(product);
  for (const item of document.querySelectorAll('.claim[data-status="held"]')) countDown(item, myReservations.get(item.dataset.claim));
}, 500);
