// The live card of a tournament: its free slots, and whether teams may enter.

import { clock, timeLeft } from "./command.js";
import { $, announce, field, highlightChange, share } from "./page.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// tournamentCard turns a card as rendered by the server into an item to watch. changed is called
// with each frame, after it is applied.
export function tournamentCard(card, changed) {
  const { id, position, limit, entered, waitlisted, deadline, status, waitlist, opens } = card.dataset;
  const tournament = {
    card, id, topic: "tournament:" + id, position: Number(position), name: field(card, "name").textContent,
    team_limit: Number(limit), entered: Number(entered), waitlisted: Number(waitlisted),
    register_deadline: deadline, opens_at: opens, status, waitlist: waitlist !== undefined,
    get remaining() { return this.team_limit - this.entered; },
    take(data, event) {
      const before = this.remaining;
      for (const name of ["name", "team_limit", "entered", "waitlisted", "register_deadline", "status"]) {
        if (data[name] !== undefined) this[name] = data[name];
      }
      if (data.name !== undefined) this.opens_at = data.opens_at; // a frame with a name has all editable members
      show(this);
      if (this.remaining !== before) {
        announce(this, `${this.name}: ${this.remaining === 0 ? "full" : this.remaining + " slots free"}`);
        highlightChange(field(card, "remaining"), this.remaining < before);
      }
      changed?.(data, event);
    },
  };
  show(tournament);
  tick(tournament);
  return tournament;
}

// over returns whether the deadline has passed, by the server's clock.
export const over = (tournament) => clock.now() > Date.parse(tournament.register_deadline);

// early returns whether entry has not opened yet.
const early = (tournament) => tournament.opens_at && clock.now() < Date.parse(tournament.opens_at);

// obstacle returns why a team can't get a slot now, "" if it can.
export function obstacle(tournament) {
  if (tournament.status === "cancelled") return "Cancelled";
  if (over(tournament)) return "Sign-up is over";
  if (tournament.status === "closed") return "Closed";
  if (early(tournament)) return "Sign-up opens in " + timeLeft(tournament.opens_at)[1];
  return tournament.remaining === 0 ? "Full" : "";
}

function show(tournament) {
  const { card } = tournament;
  for (const name of ["name", "team_limit", "remaining", "entered", "waitlisted"]) field(card, name).textContent = tournament[name];
  field(card, "until").dateTime = tournament.register_deadline;
  field(card, "until").textContent = local.format(new Date(tournament.register_deadline));
  $('[data-bar="entered"]', card).setAttribute("width", share(tournament.entered, tournament.team_limit));
  const notice = obstacle(tournament);
  field(card, "notice").textContent = notice;
  field(card, "notice").hidden = notice === "";
  card.toggleAttribute("data-out", notice !== "");
}

// tick updates the card when the deadline passes, for which there is no event, and counts down to
// the opening.
function tick(tournament) {
  setInterval(() => {
    if (field(tournament.card, "notice").textContent !== obstacle(tournament)) show(tournament);
  }, 1000);
}
