// The visitor's wallet: its balance, its entries, and charges.

import { command, known } from "./command.js";
import { $, amount, decimals, holder, plain, recheck, role, serves, showMessage, writeStored } from "./page.js";

const path = () => `/v1/wallets/${encodeURIComponent(holder())}`;
const say = (tone, text, holds) => showMessage($("#wallet-message"), tone, text, holds);
const stamp = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });
const words = { charged: "Charged", debited: "Paid", refunded: "Refunded" };
let owner = ""; // the holder of the wallet shown
let current = 0; // the balance
let exists = false;

function show(balance) {
  current = balance;
  $("#balance").textContent = amount(balance);
  recheck();
}

// mayCharge returns whether visitors may charge their own wallets; see serve --wallet-charges.
const mayCharge = () => serves() || $(".charge").dataset.holdersCharge === "true" && ["holder", "auditor"].includes(role());

// readWallet shows the wallet as it is now. It does not exist before the first charge.
export async function readWallet() {
  $(".charge").hidden = !mayCharge();
  $("#charging").hidden = mayCharge();
  const name = owner = holder();
  const list = `/v1/holders/${encodeURIComponent(name)}/wallets?min_position=${known.position}`;
  const wallets = name ? await command("GET", list).catch(() => null) : { items: [] };
  if (name !== owner) return;
  if (wallets) exists = wallets.items.length > 0;
  if (wallets) show(wallets.items[0]?.balance ?? 0);
  if ($("#entries").open) await readEntries();
}

// readEntries shows the newest entries, the last one first.
async function readEntries() {
  const name = holder();
  let entries = [];
  for (let cursor = ""; exists;) {
    const page = await command("GET", `${path()}/entries?${new URLSearchParams({ limit: 500, cursor, min_position: known.position })}`).catch(() => ({ items: [] }));
    entries = [...entries, ...page.items].slice(-20);
    if (!(cursor = page.next)) break;
  }
  if (name !== holder()) return;
  $("#entries ol").replaceChildren(...entries.reverse().map((entry) => {
    const sign = entry.kind === "debited" ? "−" : "+";
    const text = `${words[entry.kind] ?? entry.kind} ${sign}${amount(entry.amount)} → ${amount(entry.balance)} · ${stamp.format(new Date(entry.time))}`;
    return Object.assign(document.createElement("li"), { textContent: text });
  }));
}

// showShortfall leads to the wallet after a refusal for lack of money; due returns whether the
// payment is still due.
export function showShortfall({ balance, amount: price }, due) {
  show(balance);
  say("bad", `There is ${amount(balance)} in the wallet, and it costs ${amount(price)}. ${mayCharge() ? "Charge it, then pay." : "Have it charged, then pay."}`, () => current < price && due());
  if (!mayCharge()) return $("#wallet-title").focus();
  $("#amount").value = plain(price - balance);
  $("#amount").focus();
}

// charge charges the wallet with the amount entered.
export async function charge() {
  const [, whole, part = ""] = $("#amount").value.trim().match(/^(\d{1,12})(?:[.,](\d{1,4}))?$/) ?? [];
  const minor = part.length > decimals ? NaN : Number(whole + part.padEnd(decimals, "0"));
  if (!(minor > 0)) {
    const typed = $("#amount").value;
    say("bad", `Say how much, such as ${plain(100 * 10 ** decimals)}.`, () => $("#amount").value === typed);
    return $("#amount").focus();
  }
  const name = holder();
  say("", "Charging…");
  try {
    const wallet = await command("POST", path() + "/charges", JSON.stringify({ amount: minor }), () => say("warn", "No answer yet; trying again…"));
    if (holder() !== name) return;
    exists = true;
    show(wallet.balance);
    say("good", `Charged ${amount(minor)}.`, () => holder() === name && current === wallet.balance);
    writeStored("localStorage", "charged", wallet.position); // other tabs are notified
    if ($("#entries").open) await readEntries();
  } catch (error) {
    say("bad", error.message, () => holder() === name);
  }
}

$("#entries").addEventListener("toggle", () => { if ($("#entries").open) readEntries(); });
addEventListener("storage", ({ key }) => { if (key === "admitone.charged") readWallet(); });
