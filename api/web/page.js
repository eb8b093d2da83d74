// The live page. Four parts: the products on it, the socket that keeps them
// current, the reservations of this browser, and the commands that make them.
// Text that comes from anybody goes in as text, never as HTML.

const $ = (selector, from = document) => from.querySelector(selector);
const field = (card, name) => $(`[data-field="${name}"]`, card);
const jwt = document.body.dataset.auth === "jwt";
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

// What the browser keeps is a convenience: without it the page still works.
function recall(store, name, otherwise) {
  try { return JSON.parse(window[store].getItem("admitone." + name)) ?? otherwise; } catch { return otherwise; }
}
function keep(store, name, value) {
  try { window[store].setItem("admitone." + name, JSON.stringify(value)); } catch { /* private mode, or full */ }
}

// ---- Products

const products = new Map(); // by topic
for (const card of document.querySelectorAll(".product")) {
  const { id, position, remaining, held, sold } = card.dataset;
  products.set("product:" + id, {
    card, id, topic: "product:" + id, position: Number(position), current: false,
    name: field(card, "name").textContent, remaining: Number(remaining), held: Number(held), sold: Number(sold),
  });
}

const money = (minor) => minor === 0 ? "free" : (minor / 100).toFixed(2);
const share = (part, whole) => whole === 0 ? "0%" : (100 * part / whole).toFixed(2) + "%";

// take puts a frame's counts, which are absolute, into a product and shows them.
function take(product, data) {
  const before = product.remaining;
  for (const name of ["remaining", "held", "sold", "name", "price"]) {
    if (data[name] !== undefined) product[name] = data[name];
  }
  product.position = data.position;
  show(product);
  if (product.remaining === before) return;
  announce(product);
  if (!calm.matches) {
    const lift = product.remaining < before ? "3px" : "-3px";
    field(product.card, "remaining").animate(
      [{ transform: `translateY(${lift})`, color: "var(--accent)" }, { transform: "none" }], { duration: 450, easing: "ease-out" });
  }
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

// announce tells a screen reader the newest counts, every few seconds at most.
const unsaid = new Set();
let speaking = false;
async function announce(product) {
  unsaid.add(product);
  if (speaking) return;
  speaking = true;
  while (unsaid.size > 0) {
    await pause(1500);
    $("#announcer").textContent = [...unsaid].map((p) => `${p.name}: ${p.remaining === 0 ? "sold out" : p.remaining + " left"}`).join(". ");
    unsaid.clear();
    await pause(2500);
  }
  speaking = false;
}

// ---- The socket

const link = { socket: null, epoch: document.body.dataset.epoch, failures: 0, timer: 0, heard: 0 };
const firstWait = 500, longestWait = 15_000, patience = 8_000, chunk = 12;

function say(state, words) {
  const pill = $("#state");
  if (pill.dataset.state === state && pill.textContent === words) return;
  pill.dataset.state = state;
  pill.textContent = words;
}

function connect() {
  clearTimeout(link.timer);
  if (link.socket || products.size === 0) return;
  const socket = link.socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws");
  const mine = (handle) => (event) => { if (link.socket === socket) handle(event); };
  link.heard = Date.now();
  if ($("#state").dataset.state === "offline") say("reconnecting", "Reconnecting…");
  socket.onopen = mine(() => subscribe([...products.values()]));
  socket.onmessage = mine((event) => { link.heard = Date.now(); hear(JSON.parse(event.data)); });
  socket.onclose = mine((event) => reconnect(event.code === 1012 ? Number(event.reason.match(/\d+/)) : 0));
  setTimeout(() => { if (link.socket === socket && socket.readyState === WebSocket.CONNECTING) reconnect(); }, patience);
}

// reconnect gives the socket up at once, for one that is dead does not say so, and
// tries again after a random part of a wait that doubles; or when the server said.
function reconnect(hint = 0) {
  const socket = link.socket;
  link.socket = null;
  socket?.close();
  for (const product of products.values()) product.current = false;
  const wait = hint || Math.random() * Math.min(longestWait, firstWait * 2 ** link.failures++);
  clearTimeout(link.timer);
  link.timer = setTimeout(connect, wait);
  if (navigator.onLine) say("reconnecting", "Reconnecting…");
  else say("offline", "Offline");
}

// hurry connects now: the network or the reader has come back. A socket that says
// it is open has to prove it.
function hurry() {
  if (link.socket) probe();
  else if (!document.hidden) { link.failures = 0; connect(); }
}

async function probe() {
  const socket = link.socket, asked = Date.now();
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send('{"event":"ping"}');
  await pause(patience);
  if (link.socket === socket && link.heard < asked) reconnect();
}

// subscribe asks for everything behind the last position seen; a message may have
// 4 KiB, so it asks for a dozen at a time.
function subscribe(list) {
  for (let i = 0; i < list.length; i += chunk) {
    const part = list.slice(i, i + chunk);
    for (const product of part) product.current = false;
    const since = Object.fromEntries(part.map((p) => [p.topic, p.position]));
    link.socket?.send(JSON.stringify({ event: "subscribe", data: { topics: part.map((p) => p.topic), since, epoch: link.epoch } }));
  }
}

function hear({ event, data }) {
  const product = products.get(data?.topic);
  if (!product) return;
  if (event === "error") return refused(product, data);
  if (event === "snapshot") link.epoch = data.epoch;
  else if (event !== "delta") return;
  else if (data.previous !== product.position) {
    // A gap. While the answer to the last question is out, older frames may pass by.
    if (product.current) subscribe([product]);
    return;
  }
  take(product, data);
  settle(product);
}

// refused: a topic that is gone stays as it is; any other is asked for again.
function refused(product, { code }) {
  if (code === "not_found" || code === "bad_parameter") return settle(product);
  const socket = link.socket;
  setTimeout(() => { if (link.socket === socket) subscribe([product]); }, firstWait * (1 + Math.random()));
}

// settle: once every product is current, the page is live.
function settle(product) {
  product.current = true;
  if (![...products.values()].every((p) => p.current)) return;
  link.failures = 0;
  say("live", "Live");
}

// ---- Commands

const unanswered = recall("sessionStorage", "unanswered", {}); // what was asked -> {body, key}

// keyFor returns the key of a click. One that got no answer is asked again under
// the same key, so that it can't count twice.
function keyFor(question, body) {
  if (unanswered[question]?.body !== body) {
    const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs HTTPS
    unanswered[question] = { body, key: Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("") };
    keep("sessionStorage", "unanswered", unanswered);
  }
  return unanswered[question].key;
}

function answered(question) {
  delete unanswered[question];
  keep("sessionStorage", "unanswered", unanswered);
}

// words makes a sentence of a problem.
function words({ field, detail }) {
  return (field ? `${field}: ${detail}` : detail).replace(/^./u, (first) => first.toUpperCase()) + ".";
}

// command sends one, again if there is no answer or the server asks to wait, and
// returns the resource; it throws what the server or the network has against it.
async function command(method, path, body, waiting) {
  const question = method + " " + path + (body ?? "");
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = keyFor(question, body ?? "");
  if (jwt && token()) headers.Authorization = "Bearer " + token();
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(path, { method, headers, body, cache: "no-store", signal: AbortSignal.timeout(patience) }).catch(() => null);
    const definite = answer && answer.status < 500 && answer.status !== 429;
    const data = await answer?.json().catch(() => null);
    if (definite && data) {
      answered(question);
      clock.set(answer.headers.get("Date"));
      if (answer.ok) return data;
    }
    if (definite && data || attempt === 5) {
      const text = data?.detail ? words(data) : "The server does not answer. Try again: what you asked for is not done twice.";
      throw Object.assign(new Error(text), { code: data?.code });
    }
    waiting?.();
    const wait = Number(answer?.headers.get("Retry-After")) * 1000 || firstWait * 2 ** attempt;
    await pause(wait * (.5 + Math.random() / 2));
  }
}

// clock is the server's: a deadline must not depend on how this device's is set.
const clock = {
  ahead: 0,
  now() { return Date.now() + this.ahead; },
  set(date) {
    const ahead = Date.parse(date) - Date.now();
    if (!Number.isNaN(ahead)) this.ahead = Math.abs(ahead) < 2000 ? 0 : ahead;
  },
};

function tell(place, tone, text) {
  place.dataset.tone = tone;
  place.textContent = text;
}

const token = () => recall("sessionStorage", "token", "");
const me = () => $("#holder").value.trim();
async function reserve(product, hold) {
  const message = field(product.card, "message");
  if (jwt && !token()) {
    tell(message, "bad", "Reserving needs a token; put yours in at the top.");
    return $("#token").focus();
  }
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
  const left = Math.max(0, Math.ceil((Date.parse(claim.expires_at) - clock.now()) / 1000));
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  field(item, "clock").textContent = (left < 3600 ? Math.floor(left / 60) : `${Math.floor(left / 3600)}:${two(left / 60 % 60)}`) + ":" + two(left % 60);
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
  const at = document.activeElement;
  if (at && at !== document.body && at.checkVisibility()) return;
  ($(`[data-claim="${claim.id}"] button:not([hidden])`) ?? (message.id ? $("#mine-title") : field(card, "name"))).focus();
}

// ---- The page as a whole

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || button.ariaDisabled === "true") return;
  const item = button.closest("[data-claim]");
  const product = products.get("product:" + button.closest(".product")?.dataset.id);
  button.ariaDisabled = "true"; // not disabled, which would drop the focus
  try {
    if (item) await end(claims.get(item.dataset.claim), button.dataset.action, item);
    else await reserve(product, button.dataset.action === "hold");
  } finally {
    button.ariaDisabled = null;
  }
});

function introduce() {
  if (jwt) {
    $("#token").value = token();
    return $("#token").addEventListener("input", (event) => keep("sessionStorage", "token", event.target.value.trim()));
  }
  const name = recall("localStorage", "holder", "") || "guest-" + crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  $("#holder").value = name;
  keep("localStorage", "holder", name);
  $("#holder").addEventListener("input", () => keep("localStorage", "holder", me()));
}

for (const hidden of document.querySelectorAll(".needs-script")) hidden.hidden = false;
$("#state").hidden = products.size === 0;
for (const product of products.values()) show(product);
introduce();
load();
for (const claim of claims.values()) refresh(claim);
connect();

addEventListener("online", hurry);
addEventListener("offline", () => { if (!link.socket) say("offline", "Offline"); });
addEventListener("pageshow", (event) => { if (event.persisted) hurry(); });
addEventListener("storage", load);
document.addEventListener("visibilitychange", hurry);
setInterval(() => { if (Date.now() - link.heard > 20_000) probe(); }, 20_000);
setInterval(() => {
  for (const item of document.querySelectorAll('.claim[data-status="held"]')) countDown(item, claims.get(item.dataset.claim));
}, 500);
