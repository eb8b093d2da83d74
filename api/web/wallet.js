// The visitor's wallet: what is in it, what went in and out, and charging it.

import { command, known } from "./command.js";
import { $, amount, holder, keep, tell } from "./page.js";

const path = () => `/v1/wallets/${encodeURIComponent(holder())}`;
const say = (tone, text) => tell($("#wallet-message"), tone, text);
const stamp = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });
const words = { charged: "Charged", debited: "Paid", refunded: "Refunded" };
let whose = ""; // whose wallet is shown

// readWallet shows the wallet as it is now. There is none before the first charge.
export async function readWallet() {
  const name = whose = holder();
  const wallet = name ? await command("GET", `${path()}?min_position=${known.position}`).catch((error) => error) : { code: "not_found" };
  if (name !== whose) return;
  if (wallet.balance !== undefined) $("#balance").textContent = amount(wallet.balance);
  else if (wallet.code === "not_found") $("#balance").textContent = amount(0);
  if ($("#entries").open) await readEntries();
}

// readEntries shows the newest entries, the last one first.
async function readEntries() {
  const name = holder();
  let entries = [];
  for (let cursor = ""; ;) {
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

// short leads to the wallet when it has too little, as a refusal says.
export function short({ balance, amount: due }) {
  say("bad", `There is ${amount(balance)} in the wallet, and it costs ${amount(due)}. Charge it, then pay.`);
  if (!$("#amount")) return $("#wallet-title").focus();
  $("#amount").value = amount(due - balance);
  $("#amount").focus();
}

// charge puts in what the visitor says.
export async function charge() {
  const [, whole, part = ""] = $("#amount").value.trim().match(/^(\d{1,12})(?:[.,](\d{1,2}))?$/) ?? [];
  const minor = Number(whole) * 100 + Number(part.padEnd(2, "0"));
  if (!(minor > 0)) {
    say("bad", "Say how much, such as 100.00.");
    return $("#amount").focus();
  }
  say("", "Charging…");
  try {
    const wallet = await command("POST", path() + "/charges", JSON.stringify({ amount: minor }), () => say("warn", "No answer yet; trying again…"));
    $("#balance").textContent = amount(wallet.balance);
    say("good", `Charged ${amount(minor)}.`);
    keep("localStorage", "charged", wallet.position); // other tabs hear of it
    if ($("#entries").open) await readEntries();
  } catch (error) {
    say("bad", error.message);
  }
}

$("#entries").addEventListener("toggle", () => { if ($("#entries").open) readEntries(); });
addEventListener("storage", ({ key }) => { if (key === "admitone.charged") readWallet(); });
