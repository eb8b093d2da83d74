// The live counts of a performance's card.

import { $, announce, field, highlightChange, share } from "./page.js";
import { showTimes } from "./sale-times.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

// performanceCard turns a card as rendered by the server into an item to watch. changed is called
// with each frame, after it is applied.
export function performanceCard(card, changed) {
  const { id, position, capacity, held, booked, remaining, opens, closes, cancelled } = card.dataset;
  const performance = {
    card, id, opens, closes, cancelled, topic: "performance:" + id, position: Number(position), capacity: Number(capacity),
    title: field(card, "title").textContent, held: Number(held), booked: Number(booked), remaining: Number(remaining),
    take(data, event) {
      const before = this.remaining;
      Object.assign(this, { held: data.held, booked: data.sold, remaining: data.remaining });
      if (data.title !== undefined) applyEdit(this, data); // a frame with a title has all editable members
      show(this);
      if (this.remaining !== before) {
        announce(this, `${this.title}: ${this.remaining === 0 ? "sold out" : this.remaining + " seats left"}`);
        highlightChange(field(card, "remaining"), this.remaining < before);
      }
      changed?.(data, event);
    },
  };
  const when = field(card, "when");
  when.textContent = local.format(new Date(when.dateTime));
  show(performance);
  setInterval(() => {
    const before = performance.open;
    if (performance.opens || performance.closes || performance.cancelled) performance.open = showTimes(performance);
    if (performance.open !== before) changed?.({ sections: [] }, "times");
  }, 500);
  return performance;
}

// applyEdit applies the members that an edit can change.
function applyEdit(performance, { title, venue, starts_at, opens_at, closes_at, cancelled }) {
  const { card } = performance, when = field(card, "when");
  Object.assign(performance, { title, opens: opens_at, closes: closes_at, cancelled: cancelled?.reason });
  field(card, "title").textContent = title;
  field(card, "venue").textContent = venue;
  when.dateTime = starts_at;
  when.textContent = local.format(new Date(starts_at));
}

function show(performance) {
  performance.open = showTimes(performance);
  showCounts(performance);
}

function showCounts({ card, capacity, held, booked, remaining }) {
  const blocked = capacity - held - booked - remaining;
  for (const [name, value] of Object.entries({ held, booked, remaining, blocked })) field(card, name).textContent = value;
  field(card, "off").hidden = blocked === 0;
  const bars = { booked: $('[data-bar="booked"]', card), held: $('[data-bar="held"]', card) };
  bars.booked.setAttribute("width", share(booked, capacity));
  bars.held.setAttribute("x", share(booked, capacity));
  bars.held.setAttribute("width", share(held, capacity));
  card.toggleAttribute("data-out", remaining === 0);
}
