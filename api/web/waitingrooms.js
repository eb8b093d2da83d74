// The page of waiting rooms: how long their lines are, live.

import { watch } from "./live.js";
import { begin, onNewCards } from "./page.js";
import { roomCard } from "./room-card.js";

begin();
for (const card of document.querySelectorAll(".waitingroom")) watch(roomCard(card));
onNewCards(".waitingroom", (card) => watch(roomCard(card)));
