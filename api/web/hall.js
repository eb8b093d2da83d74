// Loads the hall of a performance: the map of its plan, which the browser caches, or its sections.

import { planOfHall, planOfSections } from "./seatplan.js";

// hallOf returns the SeatPlan of a performance, {plan, prices} or {sections}.
export async function hallOf({ plan, prices, sections }) {
  if (!plan) return planOfSections(sections);
  const answer = await fetch(`/halls/${encodeURIComponent(plan)}`);
  if (!answer.ok) throw new Error(`The plan of the hall can't be read: ${answer.status}.`);
  return planOfHall(await answer.json(), prices);
}
