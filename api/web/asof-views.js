// Views of a performance, a product or a tournament as of a moment: draw() is called whenever the
// moment changes, settle() at intervals.

import { command } from "./command.js";
import { $ } from "./page.js";
import { count, pageOf } from "./kinds.js";
import { SeatMap } from "./seatmap.js";

const spoken = { free: "free", held: "on hold", booked: "booked", blocked: "not on sale" };

// SeatView is the seat map. seat is the name of the seat whose history the page shows, or "".
export class SeatView {
  constructor(timeline, seat) {
    Object.assign(this, { timeline, seat: seat ? timeline.plan.find(seat) : -1 });
    const { plan } = timeline, root = $("[data-seatmap]");
    this.map = new SeatMap(root, plan, { label: (seat) => `${plan.name(seat)}, ${spoken[plan.status(seat)]}; show its history` });
    root.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-seat]");
      if (button) location.assign(pageOf({ kind: "seat", id: `${timeline.id}~${plan.name(Number(button.dataset.seat))}` }, timeline.positions[timeline.index]));
    });
    $("#seat-buttons").hidden = this.seat < 0;
  }

  // nearer scrolls to that seat.
  nearer() { this.map.focus(this.seat); }

  draw() {
    this.map.changed();
    const { plan } = this.timeline;
    if (this.seat >= 0) $('[data-action="seat"]').textContent = `${plan.name(this.seat)} is ${spoken[plan.status(this.seat)]}: show it on the map`;
  }

  settle() {}
}

// CountView is a chart of a product's counts, with a bounded number of columns.
const columns = 300;

export class CountView {
  constructor(timeline) { this.timeline = timeline; }

  // The chart is drawn again when another window is read.
  #chart() {
    const { timeline } = this, highest = Math.max(1, ...timeline.figures.map(({ remaining, held, sold }) => remaining + held + sold));
    const points = { sold: [], held: [] };
    const steps = Math.min(timeline.length, columns);
    for (let column = 0; column < steps; column++) {
      const { held, sold } = timeline.figures[steps === 1 ? 0 : Math.round(column * timeline.last / (steps - 1))];
      for (const edge of [column, column + 1]) {
        points.sold.push(`${1000 * edge / steps},${100 - 100 * sold / highest}`);
        points.held.push(`${1000 * edge / steps},${100 - 100 * (sold + held) / highest}`);
      }
    }
    for (const name of ["sold", "held"]) $("#chart ." + name).setAttribute("points", `0,100 ${points[name].join(" ")} 1000,100`);
    const end = timeline.figures[timeline.last];
    $("#chart").setAttribute("aria-label", `Over ${count(timeline.length)} changes, of ${count(highest)} units at most: ${count(end.sold)} sold and ${count(end.held)} on hold at the last one.`);
    this.charted = timeline.positions[0];
  }

  draw() {
    const { timeline } = this, x = 1000 * (timeline.index + .5) / timeline.length;
    if (this.charted !== timeline.positions[0]) this.#chart();
    for (const end of ["x1", "x2"]) $("#chart .now").setAttribute(end, x);
  }

  settle() {}
}

// SlotView shows the teams. It reads them from the server once the moment has not changed for a
// while, with one request at a time, always for the newest moment.
const shown = 100;

export class SlotView {
  constructor(timeline, id) { Object.assign(this, { timeline, id, wanted: 0, asking: false }); }

  draw() { for (const list of this.#lists()) list.toggleAttribute("data-stale", this.current !== this.timeline.positions[this.timeline.index]); }

  async settle(position) {
    this.wanted = position;
    if (this.asking) return;
    this.asking = true;
    while (this.current !== this.wanted) {
      const asked = this.wanted;
      try {
        for (const list of this.#lists()) this.#fill(list, await this.#teams(list.id, asked));
        this.current = asked;
      } catch (error) {
        for (const list of this.#lists()) list.replaceChildren(row(error.message));
        break;
      }
    }
    this.asking = false;
    this.draw();
  }

  #lists() { return [$("#entered"), $("#waitlisted")]; }

  #teams(status, at) {
    return command("GET", `/v1/tournaments/${this.id}/entries?${new URLSearchParams({ status, at, limit: shown })}`);
  }

  #fill(list, { items, next }) {
    list.replaceChildren(...items.map(({ team_id: id, name }) => {
      const item = row(""), link = item.appendChild(document.createElement("a"));
      Object.assign(link, { textContent: name, href: pageOf({ kind: "team", id }, this.timeline.positions[this.timeline.index]) });
      item.dataset.team = id;
      return item;
    }));
    if (next) list.append(row("and more"));
  }
}

const row = (text) => Object.assign(document.createElement("li"), { textContent: text });
