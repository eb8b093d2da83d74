// A tournament's slots on a card: how many are free, and whether teams may sign up.

import { clock } from "./command.js";
import { $, announce, field, nudge, share } from "./page.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// tournamentOn reads a card as the server wrote it, as something to watch. heard is
// called with each frame that it has taken.
export function tournamentOn(card, heard) {
  const { id, position, limit, entered, waitlisted, deadline, status, waitlist } = card.dataset;
  const tournament = {
    card, id, topic: "tournament:" + id, position: Number(position), name: field(card, "name").textContent,
    team_limit: Number(limit), entered: Number(entered), waitlisted: Number(waitlisted),
    register_deadline: deadline, status, waitlist: waitlist !== undefined,
    get remaining() { return this.team_limit - this.entered; },
    take(data, event) {
      const before = this.remaining;
      for (const name of ["name", "team_limit", "entered", "waitlisted", "register_deadline", "status"]) {
        if (data[name] !== undefined) this[name] = data[name];
      }
      show(this);
      if (this.remaining !== before) {
        announce(this, `${this.name}: ${this.remaining === 0 ? "full" : this.remaining + " slots free"}`);
        nudge(field(card, "remaining"), this.remaining < before);
      }
      heard?.(data, event);
    },
  };
  show(tournament);
  tick(tournament);
  return tournament;
}

// over says that the deadline has passed; the server's clock decides.
export const over = (tournament) => clock.now() > Date.parse(tournament.register_deadline);

// obstacle is why a team can't get a slot now, "" if it can.
export function obstacle(tournament) {
  if (over(tournament)) return "Sign-up is over";
  if (tournament.status === "closed") return "Closed";
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

// tick shows when the deadline passes; nothing is recorded then, so nobody says so.
function tick(tournament) {
  setInterval(() => {
    if (over(tournament) !== (field(tournament.card, "notice").textContent === "Sign-up is over")) show(tournament);
  }, 1000);
}
