// The page of performances: by date, their counts live.

import { watch } from "./link.js";
import { $, begin, onNewCards } from "./page.js";
import { showingOn } from "./showing.js";

begin();
for (const card of document.querySelectorAll(".performance")) watch(showingOn(card));
onNewCards(".performance", (card) => watch(showingOn(card)));

for (const chooser of [$("#from"), $("#to")]) {
  chooser.addEventListener("change", () => {
    location.search = new URLSearchParams({ from: $("#from").value, to: $("#to").value });
  });
}
