// The seats of a performance, without a page: their places, names, categories and status. A seat is
// a number from 0, counted section by section, row by row, in the order of the plan. Distances are
// in seats: 1 is about from a seat to its nearest neighbour.

import { arrange } from "./seatblocks.js";

export const statuses = ["free", "held", "booked", "blocked"];
const letters = "fhbx"; // statuses on the wire
const accessible = 1, companion = 2, restricted = 4; // what may be said of a seat

// SeatPlan has for each seat xs, ys, kinds (its category), notes and marks (its status); rows and
// sections, each with first and end, and rows with the numbers of their seats unless those count from
// 1; categories with prices; areas with places; and what else is drawn. size is the number of seats,
// width and height those of the whole.
export class SeatPlan {
  constructor({ sections, rows, xs, ys, kinds, notes, categories, areas, shapes, width, height }) {
    Object.assign(this, { sections, rows, xs, ys, kinds, notes, categories, areas, shapes, width, height });
    this.size = xs.length;
    this.marks = new Uint8Array(this.size); // numbers into statuses
    this.firsts = Int32Array.from(rows, ({ first }) => first);
    this.named = new Map(rows.map((row) => [`${row.section.id}-${row.name}`, row]));
    this.grid = gridOf(this);
  }

  // row returns the row of a seat.
  row(seat) {
    let low = 0, high = this.firsts.length;
    while (low < high - 1) {
      const middle = (low + high) >> 1;
      if (this.firsts[middle] <= seat) low = middle;
      else high = middle;
    }
    return this.rows[low];
  }

  section(seat) { return this.row(seat).section; }
  category(seat) { return this.categories[this.kinds[seat]]; }
  number(seat, row = this.row(seat)) { return row.numbers?.[seat - row.first] ?? String(seat - row.first + 1); }

  name(seat) {
    const row = this.row(seat);
    return `${row.section.id}-${row.name}-${this.number(seat, row)}`;
  }

  // find returns the seat of a name, -1 if there is none. Each part of a name may have a - in it.
  find(name) {
    for (let cut = name.lastIndexOf("-"); cut > 0; cut = name.lastIndexOf("-", cut - 1)) {
      const row = this.named.get(name.slice(0, cut)), number = name.slice(cut + 1);
      for (let seat = row?.first ?? 0; seat < (row?.end ?? 0); seat++) if (this.number(seat, row) === number) return seat;
    }
    return -1;
  }

  status(seat) { return statuses[this.marks[seat]]; }

  // types returns the prices that anybody may choose for a seat or an area; price is that of a type,
  // the first one's without.
  types(of) { return of.prices.filter((price) => !price.restricted); }
  price(seat, type) { return priceOf(this.category(seat), type); }

  // says returns what else is to be known of a seat, in words.
  says(seat) {
    const note = this.notes?.[seat] ?? 0;
    return [[accessible, "wheelchair place"], [companion, "seat of a companion"], [restricted, "restricted view"]]
      .filter(([bit]) => note & bit).map(([, words]) => words);
  }
  get hasAccessible() { return this.notes?.some((note) => note & accessible) ?? false; }

  // reprice takes prices by category; those of a performance without a plan are by section.
  reprice(prices) {
    for (const category of this.categories) if (category.name in prices) category.prices = listOf(prices[category.name]);
  }
  repriceSections(sections) {
    for (const { id, price } of sections) {
      const section = this.sections.find((section) => section.id === id);
      if (section) section.price = price;
    }
    this.categories = categoriesOf(this.sections);
    for (const section of this.sections) this.kinds.fill(categoryAt(this.categories, section.price), section.first, section.end);
  }

  // fill sets all seats from a snapshot of the topic seats:.
  fill(sections) {
    for (const { id, rows } of sections) {
      let seat = this.sections.find((section) => section.id === id)?.first;
      if (seat === undefined) continue;
      for (const row of rows) for (const letter of row) this.marks[seat++] = letters.indexOf(letter);
    }
  }

  // set sets some seats, by name, and returns those that have changed: seat -> status before.
  set(seats) {
    const before = new Map();
    for (const [name, status] of Object.entries(seats)) {
      const seat = this.find(name);
      if (seat < 0 || this.status(seat) === status) continue;
      before.set(seat, this.status(seat));
      this.marks[seat] = statuses.indexOf(status);
    }
    return before;
  }

  // nearest returns a free seat of a section, the first one from the front, or its first.
  nearest({ first, end }) {
    return first + Math.max(0, this.marks.subarray(first, end).indexOf(0));
  }

  // within calls see with each seat whose place is in a rectangle, give or take some.
  within(x0, y0, x1, y1, see) {
    const { side, columns, lines, starts, order } = this.grid;
    const clamp = (at, most) => Math.min(Math.max(Math.floor(at / side), 0), most - 1);
    const left = clamp(x0, columns), right = clamp(x1, columns);
    for (let line = clamp(y0, lines); line <= clamp(y1, lines); line++) {
      for (let at = starts[line * columns + left]; at < starts[line * columns + right + 1]; at++) see(order[at]);
    }
  }

  // at returns the seat at a place, the nearest one within reach, -1 if there is none.
  at(x, y, reach) {
    let best = -1, least = reach * reach;
    this.within(x - reach, y - reach, x + reach, y + reach, (seat) => {
      const distance = (this.xs[seat] - x) ** 2 + (this.ys[seat] - y) ** 2;
      if (distance < least) [best, least] = [seat, distance];
    });
    return best;
  }
}

// gridOf sorts the seats by the square of the plan in which they are.
function gridOf({ xs, ys, size, width, height }) {
  const side = Math.max(4, Math.sqrt(width * height / 40_000));
  const columns = Math.max(1, Math.ceil(width / side)), lines = Math.max(1, Math.ceil(height / side));
  const clamp = (at, most) => Math.min(Math.max(Math.floor(at / side), 0), most - 1);
  const square = (seat) => clamp(ys[seat], lines) * columns + clamp(xs[seat], columns);
  const starts = new Int32Array(columns * lines + 1), order = new Int32Array(size);
  for (let seat = 0; seat < size; seat++) starts[square(seat) + 1]++;
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const next = starts.slice();
  for (let seat = 0; seat < size; seat++) order[next[square(seat)]++] = seat;
  return { side, columns, lines, starts, order };
}

// ---- Prices

const listOf = (price) => Array.isArray(price) ? price : [{ amount: price }];

// priceOf returns the price of a type of a category or an area, the first public one's without.
export function priceOf({ prices }, type) {
  return (prices.find((price) => price.type === type) ?? prices.find((price) => !price.restricted) ?? prices[0])?.amount ?? 0;
}

// A performance without a plan has a category per price.
const palette = ["#2e7d5b", "#0072b2", "#b3501a", "#8e4a9e", "#7a6a00", "#3d5a80"];
const categoriesOf = (sections) => [...new Set(sections.map(({ price }) => price))]
  .map((amount, i) => ({ name: "", color: palette[i % palette.length], prices: [{ amount }] }));
const categoryAt = (categories, price) => categories.findIndex(({ prices }) => prices[0].amount === price);

// planOfSections makes the plan of sections [{id, name, rows, seats_per_row, price}]: blocks of rows
// of equal length, in the performance's order.
export function planOfSections(given) {
  const size = given.reduce((sum, { rows, seats_per_row: wide }) => sum + rows * wide, 0);
  const { places, width, height, stage } = arrange(given), categories = categoriesOf(given);
  const xs = new Float32Array(size), ys = new Float32Array(size), kinds = new Uint8Array(size), rows = [];
  let seat = 0;
  const sections = given.map((of, i) => {
    const section = { id: of.id, name: of.name, price: of.price, first: seat, rows: [] }, { x, y } = places[i];
    for (let line = 0; line < of.rows; line++) {
      const row = { section, name: String(line + 1), first: seat, end: seat + of.seats_per_row };
      for (let column = 0; column < of.seats_per_row; column++, seat++) {
        xs[seat] = x + column + .5;
        ys[seat] = y + line + .5;
      }
      rows.push(row);
      section.rows.push(row);
    }
    kinds.fill(categoryAt(categories, of.price), section.first, seat);
    return Object.assign(section, { end: seat });
  });
  const shapes = [{ shape: "rectangle", ...stage, label: { text: "Stage", x: stage.width / 2, y: stage.height / 2 } }];
  return new SeatPlan({ sections, rows, xs, ys, kinds, categories, areas: [], shapes, width, height });
}

// ---- Plans of halls

// planOfHall makes the plan of a hall: its map as hallmap.go describes it, and prices by category.
export function planOfHall(map, prices) {
  const categories = map.categories.map(({ name, color }) => ({ name, color, prices: listOf(prices[name] ?? []) }));
  const size = map.x.length, rows = [];
  let seat = 0;
  const sections = map.sections.map(({ id, name, rows: inside }) => {
    const section = { id, name, first: seat, rows: [] };
    for (const [name, list] of inside) {
      const numbers = map.numbers[list], row = { section, name, numbers, first: seat, end: seat += numbers.length };
      rows.push(row);
      section.rows.push(row);
    }
    return Object.assign(section, { end: seat });
  });
  const shapes = map.shapes.map(shapeOf);
  return new SeatPlan({
    sections, rows, xs: places(map.x), ys: places(map.y), kinds: figures(map.kinds, size), notes: figures(map.notes, size),
    categories, areas: shapes.filter(({ id }) => id !== undefined), shapes, width: map.width / unit, height: map.height / unit,
  });
}

const unit = 256; // of the lengths in a map, to a seat

// places adds differences up.
function places(differences) {
  const all = new Float32Array(differences.length);
  for (let seat = 0, at = 0; seat < all.length; seat++) all[seat] = (at += differences[seat]) / unit;
  return all;
}

// figures spells out the figure of each seat.
function figures(runs, size) {
  const all = new Uint8Array(size);
  let seat = 0;
  for (const [seats, figure] of runs) all.fill(figure, seat, seat += seats);
  return all;
}

function shapeOf({ points, label, ...shape }) {
  for (const name of ["x", "y", "width", "height", "rx", "ry"]) shape[name] /= unit;
  return { ...shape, points: points.map(([x, y]) => ({ x: x / unit, y: y / unit })), label: { text: label.text, x: label.x / unit, y: label.y / unit } };
}
