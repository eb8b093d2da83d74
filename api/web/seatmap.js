// Draws a SeatPlan into a {{template "seatmap"}}: small seats on a canvas; when they are big
// enough to be hit, those in view are buttons, so a hundred thousand seats are never more than
// some hundred elements. It does not know where the plan comes from: change the plan, then call
// changed().

import { children } from "./page.js";
import { paint } from "./seatpaint.js";

const usable = 24; // pixels of a seat from which on it is a button
const near = matchMedia("(pointer: coarse)").matches ? 44 : 32; // pixels of a seat that was scrolled to
const few = 1000; // a hall of at most so many seats is enlarged from the start
const least = 1; // pixels of a seat when the whole hall is shown
const gap = { x: 3, y: 2.5 }; // around a section, in seats
const stage = 2; // its height, in seats

// shelve places sections on shelves that are wide seats long, from the front, and returns {x, y}
// of each, and the total size, in seats.
function shelve(sections, wide) {
  const shelves = [];
  for (const section of sections) {
    const width = section.seats_per_row + gap.x;
    let shelf = shelves.at(-1);
    if (!shelf || shelf.width + width + gap.x > wide) shelves.push(shelf = { width: 0, height: 0, sections: [] });
    shelf.sections.push({ section, x: shelf.width + gap.x });
    shelf.width += width;
    shelf.height = Math.max(shelf.height, section.rows + gap.y);
  }
  const width = Math.max(...shelves.map((shelf) => shelf.width)) + gap.x;
  const blocks = [];
  let y = stage;
  for (const shelf of shelves) {
    for (const { section, x } of shelf.sections) blocks.push({ section, x: x + (width - shelf.width - gap.x) / 2, y: y + gap.y });
    y += shelf.height;
  }
  return { blocks, width, height: y + 1 };
}

// arrange chooses the shelves with which a hall best fills a box of 3:2.
function arrange(sections) {
  const widest = Math.max(...sections.map((section) => section.seats_per_row + 2 * gap.x));
  const area = sections.reduce((sum, section) => sum + (section.seats_per_row + gap.x) * (section.rows + gap.y), 0);
  const halls = [0, 1, 1.2, 1.5, 2, 3].map((factor) => shelve(sections, Math.max(widest, factor * Math.sqrt(area))));
  const span = (hall) => Math.max(hall.width / 1.5, hall.height);
  return halls.reduce((best, hall) => span(hall) < span(best) ? hall : best);
}

export class SeatMap {
  // root is the template's element, plan a SeatPlan. The rest is optional: label(seat)
  // returns a seat's name for a screen reader, mark(seat) "picked", "mine" or "", act(seat)
  // is called when a seat is chosen, full() returns whether no more can be chosen.
  constructor(root, plan, { label, mark, act, full } = {}) {
    Object.assign(this, { plan, act, full: full ?? (() => false), due: null, cost: 0, label: label ?? ((seat) => `${plan.name(seat)}, ${plan.status(seat)}`), mark: mark ?? (() => "") });
    this.box = root.querySelector(".box");
    this.floor = root.querySelector(".floor");
    this.canvas = root.querySelector("canvas");
    this.layer = this.floor.appendChild(document.createElement("div"));
    this.hall = arrange(plan.sections);
    this.rows = new Map(); // first seat of a row -> its element, of those in view
    this.buttons = new Map(); // seat -> its button, of those in view
    this.cursor = 0; // the seat that Tab leads to
    this.whole = true;
    this.box.addEventListener("scroll", () => this.changed(true));
    this.box.addEventListener("click", (event) => this.#click(event));
    this.box.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", ({ target }) => this.#zoom(target.closest("[data-zoom]")?.dataset.zoom));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.changed());
    new ResizeObserver(() => this.whole ? this.fit() : this.changed()).observe(this.box);
    this.fit();
    // A map that is nearly big enough is scrolled rather than zoomed first.
    if (this.cell < usable && plan.size <= few && this.box.clientWidth / this.hall.width >= usable) this.#nearer(usable);
    this.box.scrollTo(0, 0);
  }

  // changed redraws what is in view: in the next frame; or later if drawing takes long and
  // is not urgent, so that a crowd's changes leave time for the visitor.
  changed(soon = false) {
    if (this.due && !soon) return;
    const due = this.due = {};
    const draw = () => { if (this.due === due) this.#draw(); };
    if (this.cost > 10 && !soon) setTimeout(draw, 4 * this.cost);
    else requestAnimationFrame(draw);
  }

  // fit shows the whole hall, as far as a seat can still be seen.
  fit() {
    const most = (parseFloat(getComputedStyle(this.box).maxHeight) || 500) - (this.box.offsetHeight - this.box.clientHeight);
    this.whole = true;
    this.#size(Math.min(this.box.clientWidth / this.hall.width, most / this.hall.height, near));
  }

  // focus scrolls to a seat, enlarged to a button.
  focus(seat) {
    if (this.cell < usable) this.#nearer(near, seat);
    this.cursor = seat;
    const { x, y } = this.#spot(seat), { box, cell } = this;
    const into = (from, size, at, edge) => Math.min(Math.max(from, at + cell + edge - size), at - edge);
    box.scrollTo(into(box.scrollLeft, box.clientWidth, x, 1.5 * cell), into(box.scrollTop, box.clientHeight, y, 1.5 * cell));
    this.#draw();
    this.buttons.get(seat).focus({ preventScroll: true });
    this.box.scrollIntoView({ block: "nearest" });
  }

  // #size sets how many pixels a seat has.
  #size(cell) {
    this.cell = Math.max(cell, least);
    const { width, height } = this.hall;
    Object.assign(this.floor.style, { width: Math.floor(width * this.cell) + "px", height: Math.floor(height * this.cell) + "px" });
    this.changed(true);
  }

  // #nearer zooms so that a seat, or the middle, stays in place.
  #nearer(cell, seat) {
    const { box } = this, half = { x: box.clientWidth / 2, y: box.clientHeight / 2 };
    const at = seat === undefined
      ? { x: (box.scrollLeft + half.x - this.#left()) / this.cell, y: (box.scrollTop + half.y) / this.cell }
      : { x: this.#spot(seat).x / this.cell - this.#left() / this.cell + .5, y: this.#spot(seat).y / this.cell + .5 };
    this.whole = false;
    this.#size(cell);
    box.scrollTo(at.x * this.cell + this.#left() - half.x, at.y * this.cell - half.y);
  }

  #zoom(how) {
    if (how === "in") this.#nearer(Math.min(this.cell * 1.6, 64));
    if (how === "out") this.#nearer(this.cell / 1.6);
    if (how === "all") this.fit();
  }

  // #left is the margin of a hall that is narrower than its box.
  #left() { return Math.max(0, (this.box.clientWidth - this.hall.width * this.cell) / 2); }

  // #spot returns the place of a seat on the floor, in pixels.
  #spot(seat) {
    const { section, row, number } = this.plan.place(seat);
    const block = this.hall.blocks.find((block) => block.section === section);
    return { x: this.#left() + (block.x + number - 1) * this.cell, y: (block.y + row - 1) * this.cell };
  }

  // #at returns the seat at a point of the floor, the nearest one of its section.
  #at(x, y) {
    const column = (x - this.#left()) / this.cell, line = y / this.cell;
    for (const { section, x, y } of this.hall.blocks) {
      if (column < x - 1 || column > x + section.seats_per_row + 1 || line < y - 1 || line > y + section.rows + 1) continue;
      const clamp = (n, most) => Math.min(Math.max(Math.floor(n) + 1, 1), most);
      return this.plan.seat(section, clamp(line - y, section.rows), clamp(column - x, section.seats_per_row));
    }
    return -1;
  }

  #click(event) {
    const button = event.target.closest("button[data-seat]");
    if (button) {
      this.cursor = Number(button.dataset.seat);
      this.act?.(this.cursor);
      return this.changed();
    }
    const floor = this.floor.getBoundingClientRect();
    const seat = this.#at(event.clientX - floor.left, event.clientY - floor.top);
    if (seat >= 0 && this.cell < usable) this.#nearer(near, seat);
  }

  #key(event) {
    const button = event.target.closest("button[data-seat]");
    if (!button || event.altKey || event.ctrlKey || event.metaKey) return;
    const { section, row, number } = this.plan.place(Number(button.dataset.seat));
    const to = {
      ArrowLeft: [row, number - 1], ArrowRight: [row, number + 1], Home: [row, 1], End: [row, section.seats_per_row],
      ArrowUp: [row - 1, number], ArrowDown: [row + 1, number],
      PageUp: [Math.max(1, row - 10), number], PageDown: [Math.min(section.rows, row + 10), number],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    const seat = this.plan.seat(section, ...to);
    if (seat >= 0) return this.focus(seat);
    const sections = this.plan.sections, other = sections[sections.indexOf(section) + (to[0] < 1 ? -1 : 1)];
    if (!event.key.match(/Up|Down/) || !other) return;
    this.focus(this.plan.seat(other, to[0] < 1 ? other.rows : 1, Math.min(number, other.seats_per_row)));
  }

  // #draw draws what is in view.
  #draw() {
    const began = performance.now();
    this.due = null;
    const { box, canvas, cell } = this, left = this.#left();
    const view = { width: box.clientWidth, height: box.clientHeight, x: box.scrollLeft, y: box.scrollTop };
    const seen = (from, size, most) => [Math.max(0, Math.floor(from / cell)), Math.min(most, Math.ceil((from + size) / cell))];
    const parts = this.hall.blocks.map((block) => ({
      ...block, rows: seen(view.y - block.y * cell, view.height, block.section.rows),
      columns: seen(view.x - left - block.x * cell, view.width, block.section.seats_per_row),
    })).filter(({ rows, columns }) => rows[0] < rows[1] && columns[0] < columns[1]);
    const kindOf = (seat) => this.mark(seat) || this.plan.status(seat);
    paint(canvas, view, { hall: this.hall, parts, left, cell, buttons: cell >= usable, plan: this.plan, kindOf });
    this.#place(cell < usable ? [] : parts);
    box.tabIndex = cell < usable ? 0 : -1; // without buttons the arrow keys scroll the box
    const free = this.plan.marks.reduce((sum, mark) => sum + (mark === 0), 0);
    canvas.ariaLabel = `${free} of ${this.plan.size} seats are free. Choose a section or zoom in to get at single seats.`;
    this.cost = performance.now() - began; // in milliseconds
  }

  // #place makes buttons of the seats in view. One that has the focus stays.
  #place(parts) {
    const wanted = new Map(); // first seat of a row -> seats
    for (const { section, rows, columns } of parts) {
      for (let row = rows[0]; row < rows[1]; row++) {
        const first = this.plan.seat(section, row + 1, 1);
        wanted.set(first, Array.from({ length: columns[1] - columns[0] }, (_, i) => first + columns[0] + i));
      }
    }
    const held = Number(document.activeElement?.closest?.("button[data-seat]")?.dataset.seat ?? -1);
    if (this.buttons.has(held)) {
      const { section, row } = this.plan.place(held), first = this.plan.seat(section, row, 1);
      wanted.set(first, [...new Set([...wanted.get(first) ?? [], held])].sort((a, b) => a - b));
    }
    const seats = new Set([...wanted.values()].flat());
    for (const seat of this.buttons.keys()) if (!seats.has(seat)) this.buttons.delete(seat);
    for (const first of this.rows.keys()) if (!wanted.has(first)) this.rows.delete(first);
    if (!seats.has(this.cursor)) this.cursor = [...seats].find((seat) => this.plan.marks[seat] === 0) ?? [...seats][0] ?? this.cursor;
    this.layer.style.setProperty("--cell", this.cell + "px");
    children(this.layer, [...wanted.keys()].sort((a, b) => a - b).map((first) => this.#row(first, wanted.get(first))));
  }

  // #row returns the element of a row, with the buttons of its seats.
  #row(first, seats) {
    let element = this.rows.get(first);
    if (!element) {
      const { section, row } = this.plan.place(first);
      element = Object.assign(document.createElement("div"), { role: "group", ariaLabel: `${section.name}, row ${row}` });
      this.rows.set(first, element);
    }
    children(element, seats.map((seat) => this.#button(seat)));
    return element;
  }

  // #button returns a seat's button, updated. Unchanged attributes are not written, because
  // a screen reader may announce them.
  #button(seat) {
    let button = this.buttons.get(seat);
    if (!button) {
      button = Object.assign(document.createElement("button"), { type: "button", className: "seat" });
      button.dataset.seat = seat;
      this.buttons.set(seat, button);
    }
    const { x, y } = this.#spot(seat), status = this.plan.status(seat), mark = this.mark(seat);
    Object.assign(button.style, { left: x + "px", top: y + "px" });
    const signs = { picked: "✓", mine: "★" }[mark] ?? (status === "blocked" ? "×" : String(this.plan.place(seat).number));
    if (button.textContent !== signs) button.textContent = signs;
    const now = { "data-status": status, "data-mark": mark, "aria-label": this.label(seat), tabindex: seat === this.cursor ? "0" : "-1",
      "aria-pressed": this.act && (status === "free" || mark === "picked") ? String(mark === "picked") : null,
      "aria-disabled": this.act && mark !== "picked" && (status !== "free" || this.full()) ? "true" : null };
    for (const [name, value] of Object.entries(now)) {
      if (value === null) button.removeAttribute(name);
      else if (button.getAttribute(name) !== value) button.setAttribute(name, value);
    }
    return button;
  }
}
