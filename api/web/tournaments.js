// The page of tournaments: their slots, live.

import { watch } from "./link.js";
import { begin } from "./page.js";
import { tournamentOn } from "./slots.js";

begin();
for (const card of document.querySelectorAll(".tournament")) watch(tournamentOn(card));
