// What a moment of a performance, of a product or of a tournament looks like: draw() as
// often as the moment changes, rest() now and then.

import { command } from "./command.js";
import { $ } from "./page.js";
import { count, pageOf } from "./kinds.js";
import { SeatMap } from "./seatmap.js";

const spoken = { free: "free", held: "on hold", booked: "booked", blocked: "not on sale" };

// SeatView is the map. seat is the name of the one that the page is about, or "".
export class SeatView {
  constructor(reel, seat) {
    Object.assign(this, { reel, seat: seat ? reel.plan.find(seat) : -1 });
    const { plan } = reel, root = $("[data-seatmap]");
    this.map = new SeatMap(root, plan, { label: (seat) => `${plan.name(seat)}, ${spoken[plan.status(seat)]}; to its story` });
    root.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-seat]");
      if (button) location.assign(pageOf({ kind: "seat", id: `${reel.id}~${plan.name(Number(button.dataset.seat))}` }, reel.positions[reel.index]));
    });
    $("#seat-buttons").hidden = this.seat < 0;
  }

  // nearer goes to the seat that the page is about.
  nearer() { this.map.focus(this.seat); }

  draw() {
    this.map.changed();
    const { plan } = this.reel;
    if (this.seat >= 0) $('[data-action="seat"]').textContent = `${plan.name(this.seat)} is ${spoken[plan.status(this.seat)]}: show it on the map`;
  }

  rest() {}
}

// CountView is a chart of a product's counts, with as many columns at most.
const columns = 300;

export class CountView {
  constructor(reel) { this.reel = reel; }

  // drawn anew when another window is read.
  #chart() {
    const { reel } = this, most = Math.max(1, ...reel.figures.map(({ remaining, held, sold }) => remaining + held + sold));
    const points = { sold: [], held: [] };
    const steps = Math.min(reel.length, columns);
    for (let column = 0; column < steps; column++) {
      const { held, sold } = reel.figures[steps === 1 ? 0 : Math.round(column * reel.last / (steps - 1))];
      for (const edge of [column, column + 1]) {
        points.sold.push(`${1000 * edge / steps},${100 - 100 * sold / most}`);
        points.held.push(`${1000 * edge / steps},${100 - 100 * (sold + held) / most}`);
      }
    }
    for (const name of ["sold", "held"]) $("#chart ." + name).setAttribute("points", `0,100 ${points[name].join(" ")} 1000,100`);
    const end = reel.figures[reel.last];
    $("#chart").setAttribute("aria-label", `Over ${count(reel.length)} changes, of ${count(most)} units at most: ${count(end.sold)} sold and ${count(end.held)} on hold at the last one.`);
    this.charted = reel.positions[0];
  }

  draw() {
    const { reel } = this, x = 1000 * (reel.index + .5) / reel.length;
    if (this.charted !== reel.positions[0]) this.#chart();
    for (const end of ["x1", "x2"]) $("#chart .now").setAttribute(end, x);
  }

  rest() {}
}

// SlotView has the teams; the server is asked for those of a moment that has stayed for
// a while, one question at a time, and of several moments for the newest one.
const shown = 100;

export class SlotView {
  constructor(reel, id) { Object.assign(this, { reel, id, wanted: 0, asking: false }); }

  draw() { for (const list of this.#lists()) list.toggleAttribute("data-stale", this.current !== this.reel.positions[this.reel.index]); }

  async rest(position) {
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
      Object.assign(link, { textContent: name, href: pageOf({ kind: "team", id }, this.reel.positions[this.reel.index]) });
      item.dataset.team = id;
      return item;
    }));
    if (next) list.append(row("and more"));
  }
}

const row = (text) => Object.assign(document.createElement("li"), { textContent: text });
