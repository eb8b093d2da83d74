// The opening and closing times of a product or performance.

import { clock, timeLeft } from "./command.js";
import { field } from "./page.js";

// showTimes counts down to the opening or closing on a card, or shows the reason of a cancellation,
// and returns whether the sale is open.
export function showTimes({ card, opens, closes, cancelled }) {
  const place = field(card, "times");
  const before = opens && Date.parse(opens) > clock.now(), over = closes && Date.parse(closes) <= clock.now();
  let words = "";
  if (cancelled !== undefined) words = `Cancelled: ${cancelled}`;
  else if (before) words = `The sale opens ${until(opens)}.`;
  else if (over) words = "The sale has closed.";
  else if (closes) words = `The sale closes ${until(closes)}.`;
  place.hidden = words === "";
  if (place.textContent !== words) place.textContent = words;
  return !before && !over && cancelled === undefined;
}

// until returns the time until a moment in words, its date if it is more than a day away.
function until(moment) {
  const [left, words] = timeLeft(moment);
  return left < 86_400 ? "in " + words : "on " + new Date(moment).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}
