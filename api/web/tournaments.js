// The page of tournaments: their slots, live.

import { watch } from "./live.js";
import { begin, onNewCards } from "./page.js";
import { tournamentCard } from "./tournament-card.js";

begin();
for (const card of document.querySelectorAll(".tournament")) watch(tournamentCard(card));
onNewCards(".tournament", (card) => watch(tournamentCard(card)));
