// The legend of a SeatMap: a swatch per category with its prices, and one per status.

import { pricesOf } from "./seatcard.js";
import { letterOf, swatch } from "./seatsigns.js";

const side = 24; // pixels of a swatch

export function showLegend(root, plan, colour) {
  const list = root.querySelector(".prices"), used = new Set(plan.sections.flatMap((section) => [...plan.kindsOf(section).keys()]));
  for (const { category } of plan.areas) used.add(category);
  list.hidden = used.size === 0;
  list.replaceChildren(...[...used].sort((a, b) => a - b).map((number) => {
    const item = document.createElement("li"), picture = swatch(document.createElement("canvas"), "free", number, side, colour);
    picture.ariaHidden = "true";
    item.append(picture, pricesOf(plan.categories[number]));
    if (used.size > 1) item.title = "Seats with the letter " + letterOf(number);
    return item;
  }));
  for (const picture of root.querySelectorAll(".legend canvas")) swatch(picture, picture.dataset.kind, 0, side, { ...colour, letters: false });
}
