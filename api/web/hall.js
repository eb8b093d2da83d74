// Reads the hall of a performance: its plan, which never changes and is kept by the browser, or its
// sections.

import { planOfHall, planOfSections } from "./seatplan.js";

// hallOf returns the SeatPlan of a performance, {plan, prices, capacity} or {sections}.
export async function hallOf({ plan, prices, capacity, sections }) {
  if (!plan) return planOfSections(sections);
  const hall = await read(plan, "default");
  // Another server at this address may have had another plan of this id.
  return planOfHall(hall.seats === capacity ? hall : await read(plan, "reload"), prices);
}

async function read(id, cache) {
  const answer = await fetch(`/v1/plans/${encodeURIComponent(id)}`, { cache });
  if (!answer.ok) throw new Error(`The plan of the hall can't be read: ${answer.status}.`);
  return answer.json();
}
