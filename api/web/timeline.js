// The changes of one entity, without a page: a Timeline is read once and then goes to any moment
// without the server. It keeps a bounded window of changes; a longer history continues in the next
// window.

import { command } from "./command.js";
import { statuses } from "./seatplan.js";

class Timeline {
  static limit = 100_000; // changes in memory, including those of the last page

  positions = []; // positions of the changes in the log
  times = []; // times of the changes in milliseconds, ascending
  cursor = ""; // cursor of the next page; null at the end
  begins = true; // the window begins with the creation
  index = 0; // index of the change shown

  get length() { return this.positions.length; }
  get last() { return this.positions.length - 1; }
  get ended() { return this.cursor === null; }

  // fill reads a window's changes. progress gets the number read so far.
  async fill(progress) {
    while (this.length < this.constructor.limit && !this.ended) {
      const page = await command("GET", this.path() + (this.cursor ? "&cursor=" + encodeURIComponent(this.cursor) : ""));
      this.read(page);
      this.cursor = page.next;
      progress?.(this.length);
    }
  }

  // later moves the window, which then begins with the last change of the old one.
  async later(progress) {
    this.go(this.last);
    this.keep(this.last);
    this.index = 0;
    this.begins = false;
    await this.fill(progress);
  }

  // again reads the first window again.
  async again(progress) {
    this.go(0);
    for (const list of this.lists()) list.length = 0;
    Object.assign(this, { cursor: "", begins: true, index: 0 });
    this.reset?.();
    await this.fill(progress);
  }

  // keep drops all changes but one.
  keep(index) {
    for (const list of this.lists()) list.splice(0, list.length, list[index]);
  }

  add(position, recorded) {
    this.positions.push(position);
    this.times.push(Math.max(Date.parse(recorded), this.times.at(-1) ?? 0));
  }

  // at returns the last change at or before a position, -1 if all are later.
  at(position) { return before(this.positions, position); }

  // on returns the last change at or before a time in milliseconds.
  on(time) { return before(this.times, time); }

  go(index) { this.index = index; }
}

// before returns the index of the last number that is not greater; numbers ascend.
function before(numbers, number) {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// SeatTimeline is the seat map of a performance: plan is a SeatPlan as of the change shown.
export class SeatTimeline extends Timeline {
  seats = []; // seats of the changes; -1 for the creation
  steps = []; // statuses of the changes, 4 × before + after

  constructor(performance, plan) {
    super();
    this.id = performance.id;
    this.plan = plan;
    this.counts = [this.plan.size, 0, 0, 0]; // by status
  }

  path() { return `/v1/performances/${this.id}/changes?limit=10000`; }
  lists() { return [this.positions, this.times, this.seats, this.steps]; }

  read({ items, created }) {
    if (this.length === 0) this.#add(created.position, created.time, -1, 0);
    for (const { position, recorded, seat, was, status } of items) {
      this.#add(position, recorded, this.plan.find(seat), statuses.indexOf(was) * 4 + statuses.indexOf(status));
    }
  }

  #add(position, recorded, seat, step) {
    this.add(position, recorded);
    this.seats.push(seat);
    this.steps.push(step);
  }

  keep(index) {
    super.keep(index);
    this.seats[0] = -1; // the plan has it
  }

  reset() {
    this.plan.marks.fill(0);
    this.counts = [this.plan.size, 0, 0, 0];
  }

  // go applies the changes up to one, or undoes those after it.
  go(index) {
    for (; this.index < index; this.index++) this.#set(this.seats[this.index + 1], this.steps[this.index + 1] % 4);
    for (; this.index > index; this.index--) this.#set(this.seats[this.index], this.steps[this.index] >> 2);
  }

  #set(seat, mark) {
    if (seat < 0) return;
    this.counts[this.plan.marks[seat]]--;
    this.counts[mark]++;
    this.plan.marks[seat] = mark;
  }

  state() {
    const [free, held, booked, blocked] = this.counts;
    return { free, "on hold": held, booked, "not on sale": blocked };
  }

  changed() {
    const seat = this.seats[this.index], step = this.steps[this.index];
    return seat < 0 ? "" : `${this.plan.name(seat)}: ${spoken[step >> 2]} → ${spoken[step % 4]}`;
  }
}
const spoken = ["free", "on hold", "booked", "not on sale"];

// StreamTimeline reads the events of a stream, and folds them into figures.
class StreamTimeline extends Timeline {
  figures = []; // figures after each change
  names = []; // names of the changes

  path() { return `/v1/streams/${this.stream}/events?limit=500`; }
  lists() { return [this.positions, this.times, this.figures, this.names]; }

  read({ items }) {
    for (const { position, recorded, type, data } of items) {
      this.add(position, recorded);
      this.names.push(type.split(".")[1]);
      this.figures.push(this.fold(type.split(".")[1], data, this.figures.at(-1)));
    }
  }

  state() { return this.figures[this.index]; }
  changed() { return this.names[this.index]; }
}

// CountTimeline is the counts of a product.
export class CountTimeline extends StreamTimeline {
  constructor(id) { super(); this.stream = "product-" + id; }

  fold(name, data, { remaining = 0, held = 0, sold = 0 } = {}) {
    const { quantity } = data, was = data.was === "held", back = name === "released" || name === "reservation_cancelled";
    if (name === "created") return { remaining: data.stock, held, sold };
    ({ remaining } = data);
    if (name === "reserved") sold += quantity;
    if (name === "held") held += quantity;
    if (name === "confirmed" || name === "expired" || back && was) held -= quantity;
    if (name === "confirmed") sold += quantity;
    if (back && !was) sold -= quantity;
    return { remaining, held, sold };
  }

  state() {
    const { remaining, held, sold } = super.state();
    return { remaining, "on hold": held, sold };
  }
}

// SlotTimeline is the counts of a tournament; its teams are read from the server.
export class SlotTimeline extends StreamTimeline {
  constructor(id) { super(); this.stream = "tournament-" + id; }

  fold(name, data) {
    if (name === "created") return { entered: 0, remaining: data.team_limit, waitlisted: 0 };
    return { entered: data.entered, remaining: data.remaining, waitlisted: data.waitlisted };
  }
}
