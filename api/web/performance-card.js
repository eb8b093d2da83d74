// The live counts of a performance's card.

import { $, announce, field, nudge, share } from "./page.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

// performanceCard makes a topic to watch of a card as rendered by the server. heard is called
// with each frame that it has taken.
export function performanceCard(card, heard) {
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
  const blocked = capacity - held - booked - remaining;
  for (const [name, value] of Object.entries({ held, booked, remaining, blocked })) field(card, name).textContent = value;
  field(card, "off").hidden = blocked === 0;
  const bars = { booked: $('[data-bar="booked"]', card), held: $('[data-bar="held"]', card) };
  bars.booked.setAttribute("width", share(booked, capacity));
  bars.held.setAttribute("x", share(booked, capacity));
  bars.held.setAttribute("width", share(held, capacity));
  card.toggleAttribute("data-out", remaining === 0);
}
