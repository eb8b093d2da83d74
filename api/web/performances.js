// The page of performances: by date, their counts live.

import { watch } from "./live.js";
import { $, begin, onNewCards } from "./page.js";
import { performanceCard } from "./performance-card.js";

begin();
for (const card of document.querySelectorAll(".performance")) watch(performanceCard(card));
onNewCards(".performance", (card) => watch(performanceCard(card)));

for (const chooser of [$("#from"), $("#to")]) {
  chooser.addEventListener("change", () => {
    location.search = new URLSearchParams({ from: $("#from").value, to: $("#to").value });
  });
}
