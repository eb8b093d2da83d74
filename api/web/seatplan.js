// The model of the seats of a performance: their positions, names, categories and status. A seat is
// identified by its index from 0, section by section, row by row, in the order of the plan. The unit of
// length is the usual distance between neighbouring seats.

import { arrange } from "./seatblocks.js";

export const statuses = ["free", "held", "booked", "blocked"];
const letters = "fhbx"; // statuses on the wire
const accessible = 1, companion = 2, restricted = 4; // bits of the notes of a seat

// SeatPlan has for each seat its position (xs, ys), category (kinds), notes and status (marks); rows and
// sections, each with its first seat and the end of its seats, and rows with the numbers of their seats
// unless these count from 1; categories with prices; areas with standing places; and shapes, which are
// areas and decoration. size is the number of seats, width and height are the size of the drawing.
export class SeatPlan {
  constructor({ sections, rows, xs, ys, kinds, notes, categories, areas, shapes, width, height }) {
    Object.assign(this, { sections, rows, xs, ys, kinds, notes, categories, areas, shapes, width, height });
    this.size = xs.length;
    this.marks = new Uint8Array(this.size); // indexes in statuses
    this.counts = new Map(); // see kindsOf
    this.firsts = Int32Array.from(rows, ({ first }) => first);
    this.named = new Map(rows.map((row) => [`${row.section.id}-${row.name}`, row]));
  }

  // grid is computed when it is first used, after the first picture.
  get grid() { return this.squares ??= gridOf(this); }

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

  // kindsOf returns the categories of the seats of a section, each with {first, seats}: its first seat and
  // the number of its seats.
  kindsOf(section) {
    let kinds = this.counts.get(section);
    if (!kinds) {
      this.counts.set(section, kinds = new Map());
      for (let { first, end } = section; first < end; first++) {
        const kind = kinds.get(this.kinds[first]);
        if (kind) kind.seats++;
        else kinds.set(this.kinds[first], { first, seats: 1 });
      }
    }
    return kinds;
  }

  category(seat) { return this.categories[this.kinds[seat]]; }
  number(seat, row = this.row(seat)) { return row.numbers?.[seat - row.first] ?? String(seat - row.first + 1); }

  name(seat) {
    const row = this.row(seat);
    return `${row.section.id}-${row.name}-${this.number(seat, row)}`;
  }

  // find returns the seat with a name, -1 if there is none. Each part of a name may contain a hyphen.
  find(name) {
    for (let cut = name.lastIndexOf("-"); cut > 0; cut = name.lastIndexOf("-", cut - 1)) {
      const row = this.named.get(name.slice(0, cut)), number = name.slice(cut + 1);
      for (let seat = row?.first ?? 0; seat < (row?.end ?? 0); seat++) if (this.number(seat, row) === number) return seat;
    }
    return -1;
  }

  status(seat) { return statuses[this.marks[seat]]; }

  // types returns the prices of a category that every visitor may choose. price returns the price of a
  // seat for a type, by default the first of these.
  types(of) { return of.prices.filter((price) => !price.restricted); }
  price(seat, type) { return priceOf(this.category(seat), type); }

  // remarks returns the notes of a seat in words.
  remarks(seat) {
    const note = this.notes?.[seat] ?? 0;
    return [[accessible, "wheelchair place"], [companion, "seat of a companion"], [restricted, "restricted view"]]
      .filter(([bit]) => note & bit).map(([, words]) => words);
  }
  get hasAccessible() { return this.notes?.some((note) => note & accessible) ?? false; }

  // reprice sets prices by category, repriceSections by section in a performance without a plan.
  reprice(prices) {
    for (const category of this.categories) if (category.name in prices) category.prices = listOf(prices[category.name]);
  }
  repriceSections(sections) {
    for (const { id, price } of sections) {
      const section = this.sections.find((section) => section.id === id);
      if (section) section.price = price;
    }
    this.categories = categoriesOf(this.sections);
    this.counts.clear();
    for (const section of this.sections) this.kinds.fill(categoryAt(this.categories, section.price), section.first, section.end);
  }

  // fill sets the status of all seats from a snapshot of the topic seats:.
  fill(sections) {
    for (const { id, rows } of sections) {
      let seat = this.sections.find((section) => section.id === id)?.first;
      if (seat === undefined) continue;
      for (const row of rows) for (const letter of row) this.marks[seat++] = letters.indexOf(letter);
    }
  }

  // set sets the status of seats by name, and returns the changed ones: seat -> status before.
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

  // nearest returns the first free seat of a section, or its first seat.
  nearest({ first, end }) {
    return first + Math.max(0, this.marks.subarray(first, end).indexOf(0));
  }

  // within calls visit with each seat in a rectangle, and with some around it.
  within(x0, y0, x1, y1, visit) {
    const { side, columns, lines, starts, order } = this.grid;
    const clamp = (at, count) => Math.min(Math.max(Math.floor(at / side), 0), count - 1);
    const left = clamp(x0, columns), right = clamp(x1, columns);
    for (let line = clamp(y0, lines); line <= clamp(y1, lines); line++) {
      for (let at = starts[line * columns + left]; at < starts[line * columns + right + 1]; at++) visit(order[at]);
    }
  }

  // at returns the seat nearest to a position within a radius, -1 if there is none.
  at(x, y, radius) {
    let best = -1, least = radius * radius;
    this.within(x - radius, y - radius, x + radius, y + radius, (seat) => {
      const distance = (this.xs[seat] - x) ** 2 + (this.ys[seat] - y) ** 2;
      if (distance < least) [best, least] = [seat, distance];
    });
    return best;
  }
}

// gridOf indexes the seats by squares of the plan.
function gridOf({ xs, ys, size, width, height }) {
  const side = Math.max(4, Math.sqrt(width * height / 40_000));
  const columns = Math.max(1, Math.ceil(width / side)), lines = Math.max(1, Math.ceil(height / side));
  const clamp = (at, count) => Math.min(Math.max(Math.floor(at / side), 0), count - 1);
  const starts = new Int32Array(columns * lines + 1), order = new Int32Array(size), squares = new Int32Array(size);
  for (let seat = 0; seat < size; seat++) {
    squares[seat] = clamp(ys[seat], lines) * columns + clamp(xs[seat], columns);
    starts[squares[seat] + 1]++;
  }
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const next = starts.slice();
  for (let seat = 0; seat < size; seat++) order[next[squares[seat]]++] = seat;
  return { side, columns, lines, starts, order };
}

// ---- Prices

const listOf = (price) => Array.isArray(price) ? price : [{ amount: price }];

// priceOf returns the price of a category for a type, by default the first public one.
export function priceOf({ prices }, type) {
  return (prices.find((price) => price.type === type) ?? prices.find((price) => !price.restricted) ?? prices[0])?.amount ?? 0;
}

// A performance without a plan has one category for each price.
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

// planOfHall makes the plan of a hall from its map (see hallmap.go) and its prices by category.
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
    sections, rows, xs: coordinates(map.x), ys: coordinates(map.y), kinds: expand(map.kinds, size), notes: expand(map.notes, size),
    categories, areas: shapes.filter(({ id }) => id !== undefined), shapes, width: map.width / unit, height: map.height / unit,
  });
}

const unit = 256; // of the lengths in a map, to a seat

// coordinates returns the running sum of differences.
function coordinates(differences) {
  const all = new Float32Array(differences.length);
  for (let seat = 0, at = 0; seat < all.length; seat++) all[seat] = (at += differences[seat]) / unit;
  return all;
}

// expand decodes run-length encoded figures of the seats.
function expand(runs, size) {
  const all = new Uint8Array(size);
  let seat = 0;
  for (const [seats, figure] of runs) all.fill(figure, seat, seat += seats);
  return all;
}

function shapeOf({ points, label, ...shape }) {
  for (const name of ["x", "y", "width", "height", "rx", "ry"]) shape[name] /= unit;
  return { ...shape, points: points.map(([x, y]) => ({ x: x / unit, y: y / unit })), label: { text: label.text, x: label.x / unit, y: label.y / unit } };
}
