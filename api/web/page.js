// Shared by all live pages: finding elements, the browser's storage, messages, and the visitor's
// identity. Foreign text is inserted as text, never as HTML.

export const $ = (selector, from = document) => from.querySelector(selector);
export const field = (card, name) => $(`[data-field="${name}"]`, card);
export const jwt = document.body.dataset.auth === "jwt";
export const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Storage is a convenience: without it the page still works.
export function readStored(store, name, otherwise) {
  try { return JSON.parse(window[store].getItem("admitone." + name)) ?? otherwise; } catch { return otherwise; }
}
export function writeStored(store, name, value) {
  try { window[store].setItem("admitone." + name, JSON.stringify(value)); } catch { /* private mode, or full */ }
}
export function removeStored(store, name) {
  try { window[store].removeItem("admitone." + name); } catch { /* nothing was kept */ }
}

// Amounts are minor units of the server's currency. The server says how many decimals that has:
// Intl shows some currencies without those that ISO 4217 gives them.
const { currency = "EUR", digits = "2" } = document.body.dataset;
export const decimals = Number(digits);
const shown = new Intl.NumberFormat(undefined, {
  style: "currency", currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals,
});
export const amount = (minor) => shown.format(minor / 10 ** decimals);
export const plain = (minor) => (minor / 10 ** decimals).toFixed(decimals); // for an input field
export const money = (minor) => minor === 0 ? "free" : amount(minor);
export function showMoney(from) {
  for (const element of from.querySelectorAll("[data-minor]")) element.textContent = money(Number(element.dataset.minor));
}
showMoney(document);

export const share = (part, whole) => whole === 0 ? "0%" : (100 * part / whole).toFixed(2) + "%";

// A message is removed once it no longer applies, which its holds function reports. A script calls
// recheck after it has changed the page's state.
const conditions = new Map(); // element -> holds

// showMessage shows a message in an element while it holds. A refusal is scrolled into view.
export function showMessage(place, tone, text, holds) {
  place.dataset.tone = tone;
  if (place.textContent !== text || tone === "bad") place.textContent = text; // a refusal is announced each time
  if (holds) conditions.set(place, holds);
  else conditions.delete(place);
  if (tone === "bad") place.scrollIntoView({ block: "nearest" });
}

// recheck removes the messages that no longer hold.
export function recheck() {
  for (const [place, holds] of conditions) if (!holds()) showMessage(place, "", "");
}
document.addEventListener("input", () => queueMicrotask(recheck)); // after the page's own listeners

// highlightChange highlights that a figure has changed, and in which direction.
export function highlightChange(figure, down) {
  if (calm.matches) return;
  figure.animate([{ transform: `translateY(${down ? "3px" : "-3px"})`, color: "var(--accent)" }, { transform: "none" }],
    { duration: 450, easing: "ease-out" });
}

// announce has a screen reader speak the newest message about each subject, every few seconds at
// most.
const pending = new Map(); // subject -> message
let speaking = false;
export async function announce(thing, text) {
  pending.set(thing, text);
  if (speaking) return;
  speaking = true;
  while (pending.size > 0) {
    await pause(1500);
    $("#announcer").textContent = [...pending.values()].join(". ");
    pending.clear();
    await pause(2500);
  }
  speaking = false;
}

// children replaces the children of an element by wanted, in this order. It does not move a child
// that stays, because that would lose the focus.
export function children(parent, wanted) {
  const stays = new Set(wanted);
  for (const child of [...parent.children]) if (!stays.has(child)) child.remove();
  wanted.forEach((child, i) => { if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null); });
}

// focusLost returns whether the focus is nowhere, or on a hidden element.
export function focusLost() {
  const at = document.activeElement;
  return !at || at === document.body || !at.checkVisibility();
}

// ---- Buttons

// A button[data-sure] needs confirmation. Pressed once it shows its .sure words in place of its
// .calm ones. Pressed again it acts; any other action cancels the question.
let asking = null;

function ask(button) {
  if (asking && asking !== button) asking.dataset.sure = "";
  asking = button;
  if (!button) return;
  button.dataset.sure = "asked";
  announce(button, `${$(".sure", button).textContent} Press again to do it, Escape to leave it.`);
}

// unsure reports whether a press only asks for confirmation, or ends a double click.
function unsure(button, event) {
  if (button.dataset.sure === undefined) return false;
  if (button.dataset.sure !== "asked") {
    ask(button);
    return true;
  }
  return event.detail > 1;
}

document.addEventListener("click", ({ target }) => { if (asking && !asking.contains(target)) ask(null); }, true);
document.addEventListener("focusout", ({ target }) => { if (target === asking) ask(null); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") ask(null);
  if (event.repeat && event.key === "Enter" && event.target === asking) event.preventDefault(); // a key held down is one press
});

// onButton calls handle with each button[data-action] that is clicked, one click at a time for each
// button.
export function onButton(handle) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-action]");
    if (!button || button.ariaDisabled === "true" || unsure(button, event)) return;
    ask(null);
    button.ariaDisabled = "true"; // disabled would drop the focus
    try {
      await handle(button);
    } finally {
      button.ariaDisabled = null;
    }
  });
}

// ---- The visitor: a name, or a token where tokens are required

export const token = () => readStored("sessionStorage", "token", "");
export const me = () => $("#holder").value.trim();

// holder returns the visitor's name: the token's subject, where tokens are required.
export const holder = () => jwt ? claims().sub ?? "" : me();

// role returns the role of the token, "" without one.
export function role() {
  const { sub, role = "holder" } = claims();
  return sub ? role : "";
}

// serves returns whether the visitor may act for any holder, and so takes payments.
export const serves = () => !jwt || role() === "service" || role() === "admin";

// claims returns the claims of the token; only the server verifies it.
function claims() {
  try {
    const text = atob(token().split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))) ?? {};
  } catch { return {}; }
}

// canSend reports whether a command can be sent; if not, it asks for a token.
export function canSend(message, what) {
  if (!jwt || token()) return true;
  showMessage(message, "bad", `${what} needs a token; put yours in at the top.`, () => !token());
  $("#token").focus();
  return false;
}

// begin shows the elements that need a script, and lets the visitor enter a name or token.
export function begin() {
  for (const hidden of document.querySelectorAll(".needs-script")) hidden.hidden = false;
  if ($("#token")) {
    $("#token").value = token();
    $("#token").addEventListener("input", (event) => writeStored("sessionStorage", "token", event.target.value.trim()));
  }
  if ($("#holder")) {
    $("#holder").value = readStored("localStorage", "holder", "") || "guest-" + crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
    writeStored("localStorage", "holder", me());
    $("#holder").addEventListener("input", () => writeStored("localStorage", "holder", me()));
  }
}

// order sorts cards as their list does.
const order = (card) => card.dataset.order ?? card.dataset.id;

// onNewCards looks at intervals for cards that this page lacks, because no topic announces new
// entities. It inserts each in order and calls add with it.
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
    if (!list) return location.reload(); // the page was empty, so nothing is lost
    for (const card of cards) {
      known.add(card.dataset.id);
      for (const hidden of card.querySelectorAll(".needs-script")) hidden.hidden = false;
      showMoney(card);
      const next = [...list.children].find((other) => order(other) > order(card));
      list.insertBefore(document.importNode(card, true), next ?? null);
      add(list.querySelector(`[data-id="${card.dataset.id}"]`));
    }
  };
  setInterval(look, 10_000);
  document.addEventListener("visibilitychange", look);
}
