// What all live pages share: finding elements, what the browser remembers, saying
// things, and who the visitor is. Text that comes from anybody goes in as text,
// never as HTML.

export const $ = (selector, from = document) => from.querySelector(selector);
export const field = (card, name) => $(`[data-field="${name}"]`, card);
export const jwt = document.body.dataset.auth === "jwt";
export const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// What the browser keeps is a convenience: without it the page still works.
export function recall(store, name, otherwise) {
  try { return JSON.parse(window[store].getItem("admitone." + name)) ?? otherwise; } catch { return otherwise; }
}
export function keep(store, name, value) {
  try { window[store].setItem("admitone." + name, JSON.stringify(value)); } catch { /* private mode, or full */ }
}
export function forget(store, name) {
  try { window[store].removeItem("admitone." + name); } catch { /* nothing was kept */ }
}

// Minor units with two decimals; the currency is the seller's affair.
export const amount = (minor) => (minor / 100).toFixed(2);
export const money = (minor) => minor === 0 ? "free" : amount(minor);

export const share = (part, whole) => whole === 0 ? "0%" : (100 * part / whole).toFixed(2) + "%";

export function tell(place, tone, text) {
  place.dataset.tone = tone;
  place.textContent = text;
}

// nudge lets the eye see that a figure has changed, and in which direction.
export function nudge(figure, down) {
  if (calm.matches) return;
  figure.animate([{ transform: `translateY(${down ? "3px" : "-3px"})`, color: "var(--accent)" }, { transform: "none" }],
    { duration: 450, easing: "ease-out" });
}

// announce tells a screen reader the newest about each thing, every few seconds at
// most.
const unsaid = new Map(); // by thing
let speaking = false;
export async function announce(thing, text) {
  unsaid.set(thing, text);
  if (speaking) return;
  speaking = true;
  while (unsaid.size > 0) {
    await pause(1500);
    $("#announcer").textContent = [...unsaid.values()].join(". ");
    unsaid.clear();
    await pause(2500);
  }
  speaking = false;
}

// children makes wanted the children of an element, in this order, and moves none that
// stays: moved, it would lose the focus.
export function children(parent, wanted) {
  const stays = new Set(wanted);
  for (const child of [...parent.children]) if (!stays.has(child)) child.remove();
  wanted.forEach((child, i) => { if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null); });
}

// stranded says that the focus is nowhere, or on something that can't be seen.
export function stranded() {
  const at = document.activeElement;
  return !at || at === document.body || !at.checkVisibility();
}

// onButton calls handle with each button[data-action] that is clicked, one click of
// a button at a time.
export function onButton(handle) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-action]");
    if (!button || button.ariaDisabled === "true") return;
    button.ariaDisabled = "true"; // not disabled, which would drop the focus
    try {
      await handle(button);
    } finally {
      button.ariaDisabled = null;
    }
  });
}

// ---- Who the visitor is: a name, or a token where one is needed

export const token = () => recall("sessionStorage", "token", "");
export const me = () => $("#holder").value.trim();

// holder is by which name the visitor's things go: the token says, where one is needed.
export function holder() {
  if (!jwt) return me();
  try {
    const claims = atob(token().split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(claims, (c) => c.charCodeAt(0)))).sub ?? "";
  } catch { return ""; }
}

// mayAsk says whether a command can be sent; if not it says what is missing.
export function mayAsk(message, what) {
  if (!jwt || token()) return true;
  tell(message, "bad", `${what} needs a token; put yours in at the top.`);
  $("#token").focus();
  return false;
}

// begin shows what needs a script, and lets the visitor say who it is.
export function begin() {
  for (const hidden of document.querySelectorAll(".needs-script")) hidden.hidden = false;
  if ($("#token")) {
    $("#token").value = token();
    $("#token").addEventListener("input", (event) => keep("sessionStorage", "token", event.target.value.trim()));
  }
  if ($("#holder")) {
    $("#holder").value = recall("localStorage", "holder", "") || "guest-" + crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
    keep("localStorage", "holder", me());
    $("#holder").addEventListener("input", () => keep("localStorage", "holder", me()));
  }
}

// order sorts cards as their list does.
const order = (card) => card.dataset.order ?? card.dataset.id;

// onNewCards looks now and then whether the server has cards that this page lacks,
// and calls add with each, put in where it belongs. Nothing announces new things.
export function onNewCards(selector, add) {
  const known = new Set([...document.querySelectorAll(selector)].map((card) => card.dataset.id));
  const look = async () => {
    if (document.hidden || !navigator.onLine) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const cards = [...fresh.querySelectorAll(selector)].filter((card) => !known.has(card.dataset.id));
    if (cards.length === 0) return;
    const list = $(selector)?.parentElement;
    if (!list) return location.reload(); // there was nothing, so nothing is lost
    for (const card of cards) {
      known.add(card.dataset.id);
      for (const hidden of card.querySelectorAll(".needs-script")) hidden.hidden = false;
      const next = [...list.children].find((other) => order(other) > order(card));
      list.insertBefore(document.importNode(card, true), next ?? null);
      add(list.querySelector(`[data-id="${card.dataset.id}"]`));
    }
  };
  setInterval(look, 10_000);
  document.addEventListener("visibilitychange", look);
}
