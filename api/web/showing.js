// A performance's counts on a card, live.

import { $, announce, field, nudge, share } from "./page.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

// showingOn reads a card as the server wrote it, as something to watch. heard is
// called with each frame that it has taken.
export function showingOn(card, heard) {
  const { id, position, capacity, held, booked, remaining } = card.dataset;
  const showing = {
    card, id, topic: "performance:" + id, position: Number(position), capacity: Number(capacity),
    title: field(card, "title").textContent, held: Number(held), booked: Number(booked), remaining: Number(remaining),
    take(data, event) {
      const before = this.remaining;
      Object.assign(this, { held: data.held, booked: data.sold, remaining: data.remaining });
      show(this);
      if (this.remaining !== before) {
        announce(this, `${this.title}: ${this.remaining === 0 ? "sold out" : this.remaining + " seats left"}`);
        nudge(field(card, "remaining"), this.remaining < before);
      }
      heard?.(data, event);
    },
  };
  const when = field(card, "when");
  when.textContent = local.format(new Date(when.dateTime));
  show(showing);
  return showing;
}

function show({ card, capacity, held, booked, remaining }) {
  for (const [name, value] of Object.entries({ held, booked, remaining })) field(card, name).textContent = value;
  const bars = { booked: $('[data-bar="booked"]', card), held: $('[data-bar="held"]', card) };
  bars.booked.setAttribute("width", share(booked, capacity));
  bars.held.setAttribute("x", share(booked, capacity));
  bars.held.setAttribute("width", share(held, capacity));
  card.toggleAttribute("data-out", remaining === 0);
}
