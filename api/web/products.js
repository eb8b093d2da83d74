// The page of products: their counts, and the reservations of this browser.

import { command, timeLeft } from "./command.js";
import { watch } from "./link.js";
import { $, announce, begin, field, jwt, keep, mayAsk, me, money, nudge, onButton, onNewCards, recall, share, stranded, tell, token } from "./page.js";

// ---- Products

const products = new Map(); // by topic
function productOn(card) {
  const { id, position, remaining, held, sold } = card.dataset;
  const product = {
    card, id, topic: "product:" + id, position: Number(position),
    name: field(card, "name").textContent, remaining: Number(remaining), held: Number(held), sold: Number(sold),
    take(data) { take(product, data); },
  };
  products.set(product.topic, product);
  return product;
}
for (const card of document.querySelectorAll(".product")) productOn(card);

// take puts a frame's counts, which are absolute, into a product and shows them.
function take(product, data) {
  const before = product.remaining;
  for (const name of ["remaining", "held", "sold", "name", "price"]) {
    if (data[name] !== undefined) product[name] = data[name];
  }
  show(product);
  if (product.remaining === before) return;
  announce(product, `${product.name}: ${product.remaining === 0 ? "sold out" : product.remaining + " left"}`);
  nudge(field(product.card, "remaining"), product.remaining < before);
}

function show(product) {
  const { card, remaining, held, sold } = product;
  const stock = remaining + held + sold;
  for (const [name, value] of Object.entries({ remaining, held, sold, stock, name: product.name })) field(card, name).textContent = value;
  if (product.price !== undefined) field(card, "price").textContent = money(product.price);
  const bars = { sold: $('[data-bar="sold"]', card), held: $('[data-bar="held"]', card) };
  bars.sold.setAttribute("width", share(sold, stock));
  bars.held.setAttribute("x", share(sold, stock));
  bars.held.setAttribute("width", share(held, stock));
  const out = remaining === 0;
  card.toggleAttribute("data-out", out);
  for (const action of ["reserve", "hold"]) {
    const button = $(`.buttons [data-action="${action}"]`, card);
    // A button that goes dead under the finger must not take the focus with it.
    if (out && document.activeElement === button) field(card, "name").focus();
    button.disabled = out;
    $(".unseen", button).textContent = ": " + product.name;
  }
}

async function reserve(product, hold) {
  const message = field(product.card, "message");
  if (!mayAsk(message, "Reserving")) return;
  tell(message, "", hold ? "Holding one…" : "Reserving one…");
  const body = JSON.stringify({ ...(jwt ? {} : { holder: me() }), quantity: 1, hold });
  try {
    const made = await command("POST", `/v1/products/${product.id}/reservations`, body,
      () => tell(message, "warn", "No answer yet; trying again…"));
    claims.set(made.id, { ...made, name: product.name });
    store();
    tell(message, "good", hold ? "Held for you. Confirm before the time is up." : "Reserved. It is among your reservations.");
  } catch (error) {
    tell(message, "bad", error.message);
  }
}

// ---- Reservations of this browser

const claims = new Map(); // by reservation id
const path = (claim) => `/v1/products/${claim.product_id}/reservations/${claim.id}`;

function load() {
  claims.clear();
  for (const claim of recall("localStorage", "reservations", [])) claims.set(claim.id, claim);
  list();
}
function store() {
  keep("localStorage", "reservations", [...claims.values()].slice(-200));
  list();
}

// list shows the claims: a hold with its product, where the eye is; all others in
// the list of reservations.
function list() {
  for (const old of document.querySelectorAll(".claim")) if (!claims.has(old.dataset.claim)) old.remove();
  for (const claim of claims.values()) {
    const card = products.get("product:" + claim.product_id)?.card;
    const place = claim.status === "held" && card ? field(card, "holds") : $("#mine");
    const item = $(`[data-claim="${claim.id}"]`) ?? $("#claim").content.cloneNode(true).firstElementChild;
    item.dataset.claim = claim.id;
    if (item.parentElement !== place) place.prepend(item);
    fill(item, claim);
  }
  $("#none").hidden = $("#mine").childElementCount > 0;
}

const states = { held: "On hold", confirmed: "Confirmed", expired: "The hold ran out; it went back on sale", gone: "No longer there" };

function fill(item, claim) {
  item.dataset.status = claim.status;
  field(item, "what").textContent = `${claim.quantity} × ${claim.name}`;
  field(item, "status").textContent = states[claim.status] + (claim.holder ? ` · ${claim.holder}` : "");
  for (const of of item.querySelectorAll('[data-field="of"]')) of.textContent = ": " + claim.name;
  const has = { confirm: claim.status === "held", release: claim.status in { held: 1, confirmed: 1 }, dismiss: claim.status in { expired: 1, gone: 1 } };
  for (const action in has) $(`[data-action="${action}"]`, item).hidden = !has[action];
  field(item, "clock").hidden = claim.status !== "held";
  if (claim.status === "held") countDown(item, claim);
}

const asking = new Set(); // ids of claims whose time is up
function countDown(item, claim) {
  const [left, words] = timeLeft(claim.expires_at);
  field(item, "clock").textContent = words;
  if (left > 0 || asking.has(claim.id)) return;
  asking.add(claim.id);
  refresh(claim).finally(() => setTimeout(() => asking.delete(claim.id), 1000));
}

// refresh asks the server what has become of a claim: only it knows.
async function refresh(claim) {
  if (jwt && !token()) return;
  try {
    adopt(claim, await command("GET", path(claim)));
  } catch (error) {
    if (error.code === "not_found") adopt(claim, { status: "gone" });
  }
}

function adopt(claim, now) {
  if (!claims.has(claim.id)) return;
  if (now.status === "released") claims.delete(claim.id);
  else claims.set(claim.id, { ...claim, ...now });
  store();
}

// end confirms, releases or dismisses a claim, and leaves the focus near where it was.
async function end(claim, action, item) {
  const card = products.get("product:" + claim.product_id)?.card;
  const message = card?.contains(item) ? field(card, "message") : $("#mine-message");
  try {
    if (action === "confirm") adopt(claim, await command("POST", path(claim) + "/confirm"));
    if (action === "release") adopt(claim, await command("DELETE", path(claim)));
    if (action === "dismiss") { claims.delete(claim.id); store(); }
    tell(message, "good", { confirm: "Confirmed. It is among your reservations.", release: "Released; it is on sale again.", dismiss: "" }[action]);
  } catch (error) {
    tell(message, "bad", error.message);
    await refresh(claim);
  }
  if (!stranded()) return;
  ($(`[data-claim="${claim.id}"] button:not([hidden])`) ?? (message.id ? $("#mine-title") : field(card, "name"))).focus();
}

// ---- The page as a whole

onButton(async (button) => {
  const item = button.closest("[data-claim]");
  if (item) await end(claims.get(item.dataset.claim), button.dataset.action, item);
  else await reserve(products.get("product:" + button.closest(".product").dataset.id), button.dataset.action === "hold");
});

begin();
for (const product of products.values()) {
  show(product);
  watch(product);
}
onNewCards(".product", (card) => {
  const product = productOn(card);
  show(product);
  watch(product);
});
load();
for (const claim of claims.values()) refresh(claim);

addEventListener("storage", load);
setInterval(() => {
  for (const item of document.querySelectorAll('.claim[data-status="held"]')) countDown(item, claims.get(item.dataset.claim));
}, 500);
