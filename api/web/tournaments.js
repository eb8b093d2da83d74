// The page of tournaments: their slots, live.

import { watch } from "./link.js";
import { begin, onNewCards } from "./page.js";
import { tournamentOn } from "./slots.js";

begin();
for (const card of document.querySelectorAll(".tournament")) watch(tournamentOn(card));
onNewCards(".tournament", (card) => watch(tournamentOn(card)));
