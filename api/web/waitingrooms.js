// The page of waiting rooms: how long their lines are, live.

import { watch } from "./link.js";
import { begin, onNewCards } from "./page.js";
import { roomOn } from "./rooms.js";

begin();
for (const card of document.querySelectorAll(".waitingroom")) watch(roomOn(card));
onNewCards(".waitingroom", (card) => watch(roomOn(card)));
