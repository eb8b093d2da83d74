// Draws a SeatPlan into a {{template "seatmap"}}. All seats are painted on a canvas. Visible seats that
// are large enough to hit have a transparent button as well, so that a hundred thousand seats are never
// more than some hundred elements. After a change of the plan, call changed().

import { children } from "./page.js";
import { SeatCard } from "./seatcard.js";
import { gestures } from "./seatgestures.js";
import { showLegend } from "./seatlegend.js";
import { MiniMap, room } from "./seatmini.js";
import { afar, paint } from "./seatpaint.js";
import { coloursOf, Signs } from "./seatsigns.js";

const usable = 24; // pixels of a seat from which on it has a button
const near = matchMedia("(pointer: coarse)").matches ? 44 : 32; // pixels of a seat after scrolling to it
const few = 1000; // seats of a hall up to which it is enlarged initially, and drawn at once
const maxCell = 64; // maximum pixels of a seat
const still = 100; // milliseconds without movement after which the map is at rest
const slice = 8; // milliseconds of a frame for creating buttons

export class SeatMap {
  // root is the template's element, plan a SeatPlan. The rest is optional: label(seat) returns the
  // accessible name of a seat, mark(seat) "picked", "mine" or ""; act(seat) and area(area) are called
  // when a seat or an area is chosen; full() returns whether the choice is full; note(section) and
  // areaNote(area) return the second line of a label on the map.
  constructor(root, plan, { label, mark, act, area, full, note, areaNote } = {}) {
    Object.assign(this, { root, plan, act, area, note, areaNote, due: null, cost: 0, edition: 0, full: full ?? (() => false),
      label: label ?? ((seat) => `${plan.name(seat)}, ${plan.status(seat)}`), mark: mark ?? (() => "") });
    this.box = root.querySelector(".box");
    this.floor = root.querySelector(".floor");
    this.canvas = root.querySelector(".floor canvas");
    this.layer = this.floor.appendChild(document.createElement("div"));
    this.card = new SeatCard(root, this);
    this.mini = new MiniMap(root.querySelector(".mini"), this);
    this.rows = new Map(); // visible row -> its element
    this.buttons = new Map(); // visible seat -> its button
    this.cursor = 0; // the seat that Tab focuses
    this.whole = true;
    this.queue = []; // visible rows whose buttons are to be created, with their seats
    this.moving = null; // the timer that runs while the map moves
    this.box.addEventListener("scroll", () => this.#scrolled());
    this.box.addEventListener("click", (event) => this.#click(event));
    this.box.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("click", ({ target }) => this.#zoom(target.closest("[data-zoom]")?.dataset.zoom));
    gestures(this);
    for (const media of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(media).addEventListener("change", () => this.recolour());
    }
    this.recolour();
    new ResizeObserver(() => this.whole ? this.fit() : this.#soon()).observe(this.box);
    this.fit();
    // A map of nearly usable size starts enlarged, so that it is scrolled rather than zoomed.
    if (this.cell < usable && plan.size <= few && this.box.clientWidth / plan.width >= usable) {
      this.zoomTo(usable);
      this.box.scrollTo(0, 0);
    }
  }

  // recolour applies changed colours, categories and prices.
  recolour() {
    this.colour = coloursOf(this.floor, this.plan.categories);
    this.signs = new Signs(this.colour);
    showLegend(this.root, this.plan, this.colour);
    this.mini.forget();
    this.changed();
  }

  // changed redraws the visible part in the next frame, or later if drawing takes long, so that many
  // changes by others do not block the visitor.
  changed() {
    this.edition++;
    if (this.due) return;
    const due = this.due = {}, draw = () => { if (this.due === due) this.#draw(); };
    if (this.cost > 10) setTimeout(draw, 4 * this.cost);
    else requestAnimationFrame(draw);
  }

  // #soon redraws in the next frame in any case, because the visitor has moved the map.
  #soon() {
    const due = this.due = {};
    requestAnimationFrame(() => { if (this.due === due) this.#draw(); });
  }

  // #scrolled draws the map while it moves; the buttons follow when it is at rest.
  #scrolled() {
    this.card.hide();
    clearTimeout(this.moving);
    this.moving = setTimeout(() => { this.moving = null; this.#soon(); }, still);
    this.#soon();
  }

  // fit shows the whole hall.
  fit() {
    const { box, plan } = this;
    this.whole = true;
    this.#size(Math.min(box.clientWidth / plan.width, this.#highest / plan.height, near));
    this.least = this.cell;
  }

  // #highest is the greatest height of the visible part.
  get #highest() {
    const { box } = this;
    return (parseFloat(getComputedStyle(box).maxHeight) || 500) - (box.offsetHeight - box.clientHeight);
  }

  // focus scrolls to a seat and moves the focus to its button.
  focus(seat) {
    const { box, plan } = this;
    if (this.cell < usable) this.zoomTo(near, { x: plan.xs[seat], y: plan.ys[seat] });
    this.cursor = seat;
    const { cell } = this, x = this.left + plan.xs[seat] * cell, y = plan.ys[seat] * cell;
    const into = (from, size, at) => Math.min(Math.max(from, at + 2 * cell - size), at - 2 * cell);
    box.scrollTo(into(box.scrollLeft, box.clientWidth, x), into(box.scrollTop, box.clientHeight, y));
    clearTimeout(this.moving);
    this.moving = null;
    this.#draw();
    this.buttons.get(seat).focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  }

  // #size sets the number of pixels of a seat.
  #size(cell) {
    this.cell = cell;
    const { width, height } = this.plan, below = this.mini.isHidden(cell, this.box.clientWidth, this.#highest) ? 0 : room;
    Object.assign(this.floor.style, { width: Math.floor(width * cell) + "px", height: Math.floor(height * cell) + below + "px" });
    this.edition++;
    this.#soon();
  }

  // zoomTo zooms so that a position in the plan is at a point of the box: by default the position that is
  // there now, and the middle of the box.
  zoomTo(cell, place, at = { x: this.box.clientWidth / 2, y: this.box.clientHeight / 2 }) {
    const { x, y } = place ?? this.place(at);
    this.card.hide();
    this.#size(Math.min(Math.max(cell, this.least), maxCell));
    this.whole = this.cell === this.least;
    this.box.scrollTo(x * this.cell + this.left - at.x, y * this.cell - at.y);
  }

  // place returns the position in the plan at a point of the box.
  place({ x, y }) {
    return { x: (this.box.scrollLeft + x - this.left) / this.cell, y: (this.box.scrollTop + y) / this.cell };
  }

  #zoom(how) {
    if (how === "in") this.zoomTo(this.cell * 1.6);
    if (how === "out") this.zoomTo(this.cell / 1.6);
    if (how === "all") this.fit();
  }

  // left is the left margin of a hall that is narrower than the box.
  get left() { return Math.max(0, (this.box.clientWidth - this.plan.width * this.cell) / 2); }

  // hit returns the seat, the section or the area at a point of the page.
  hit({ clientX, clientY }) {
    const { plan, cell } = this, box = this.box.getBoundingClientRect();
    const { x, y } = this.place({ x: clientX - box.left - this.box.clientLeft, y: clientY - box.top - this.box.clientTop });
    const seat = plan.at(x, y, Math.max(.6, 6 / cell));
    if (seat >= 0) return cell < afar ? { section: plan.section(seat), seat } : { seat };
    const area = plan.areas.find((area) => contains(area, x - area.x, y - area.y));
    return area ? { area } : { seat: plan.at(x, y, 2), near: true };
  }

  #click(event) {
    const button = event.target.closest("button[data-seat]");
    if (button) return this.#act(Number(button.dataset.seat));
    const { seat = -1, area, near: beside } = this.hit(event);
    if (area) return this.area?.(area);
    if (seat >= 0 && this.cell < usable) this.zoomTo(near, { x: this.plan.xs[seat], y: this.plan.ys[seat] });
    else if (seat >= 0 && !beside) this.#act(seat); // it has no button yet
  }

  #act(seat) {
    this.cursor = seat;
    this.act?.(seat);
    this.card.show({ seat });
    this.changed();
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const how = { "+": "in", "=": "in", "-": "out", 0: "all" }[event.key];
    const button = event.target.closest("button[data-seat]");
    const seat = button ? this.#step(Number(button.dataset.seat), event.key) : event.key === "Enter" && event.target === this.box ? this.#middle() : undefined;
    if (how) {
      this.#zoom(how);
      if (button && how !== "all" && this.cell >= usable) this.focus(Number(button.dataset.seat));
      else this.box.focus({ preventScroll: true });
    } else if (seat >= 0) this.focus(seat);
    if (how || seat !== undefined) event.preventDefault();
  }

  // #middle returns the seat nearest to the middle of the box.
  #middle() {
    const { x, y } = this.place({ x: this.box.clientWidth / 2, y: this.box.clientHeight / 2 });
    return this.plan.at(x, y, this.plan.width + this.plan.height);
  }

  // #step returns the seat that a key leads to: in the same row, in another row of the section, or in the
  // previous or next section. It returns -1 if there is none, and undefined for any other key.
  #step(seat, key) {
    const { plan } = this, row = plan.row(seat), { section } = row, line = section.rows.indexOf(row);
    const turned = plan.xs[row.end - 1] < plan.xs[row.first]; // its first seat is on the right
    const along = { ArrowLeft: turned ? 1 : -1, ArrowRight: turned ? -1 : 1 }[key];
    if (along) return seat + along >= row.first && seat + along < row.end ? seat + along : -1;
    if (key === "Home" || key === "End") return key === "Home" ? row.first : row.end - 1;
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[key];
    if (!by) return undefined;
    const last = section.rows.length - 1, to = Math.abs(by) > 1 ? Math.min(Math.max(line + by, 0), last) : line + by;
    if (section.rows[to]) return nearest(plan, section.rows[to], seat);
    const other = plan.sections[plan.sections.indexOf(section) + by]?.rows.at(by < 0 ? -1 : 0);
    return other ? Math.min(other.first + seat - row.first, other.end - 1) : -1;
  }

  // #draw draws the visible part.
  #draw() {
    const began = performance.now();
    this.due = null;
    const { box, cell, plan, colour, signs, left, note, areaNote } = this, buttons = cell >= usable;
    this.margin = left; // read once, because each reading after a change forces a layout
    const view = { width: box.clientWidth, height: box.clientHeight, x: box.scrollLeft, y: box.scrollTop };
    const kindOf = (seat) => this.mark(seat) || plan.status(seat);
    const before = this.drawn === this.edition ? this.picture : undefined;
    const first = this.picture === undefined, outline = first && plan.size > few; // the seats of a large hall follow in the next frame
    this.picture = paint(this.canvas, view, { plan, left, top: 0, cell, outline, numbers: buttons, colour, signs, kindOf, note, areaNote }, before);
    this.drawn = this.edition;
    if (!this.moving || this.placed !== cell) this.#place(buttons ? this.#inView(view) : []);
    this.mini.draw(view);
    if (first) performance.mark("seatmap"); // see TestLargeHall
    box.tabIndex = buttons ? -1 : 0; // without buttons the arrow keys scroll the box
    if (outline) this.changed();
    else if (this.described !== this.edition) this.#describe();
    this.cost = performance.now() - began; // in milliseconds
  }

  // #describe updates the accessible name of the picture, and the card.
  #describe() {
    this.described = this.edition;
    let free = 0;
    for (const mark of this.plan.marks) if (mark === 0) free++;
    this.canvas.ariaLabel = `${free} of ${this.plan.size} seats are free. Choose a section or zoom in to get at single seats.`;
    this.card.refresh();
  }

  #inView({ x, y, width, height }) {
    const { cell, margin: left, plan } = this, seen = [];
    const [x0, x1, y0, y1] = [(x - left) / cell - .5, (x - left + width) / cell + .5, y / cell - .5, (y + height) / cell + .5];
    plan.within(x0, y0, x1, y1, (seat) => {
      if (plan.xs[seat] > x0 && plan.xs[seat] < x1 && plan.ys[seat] > y0 && plan.ys[seat] < y1) seen.push(seat);
    });
    return seen.sort((a, b) => a - b);
  }

  // #place creates buttons of the visible seats, and removes others unless they have the focus.
  #place(seen) {
    const held = Number(document.activeElement?.closest?.("button[data-seat]")?.dataset.seat ?? -1);
    const seats = new Set(seen);
    if (this.buttons.has(held) && !seats.has(held)) seats.add(held);
    const wanted = Map.groupBy([...seats].sort((a, b) => a - b), (seat) => this.plan.row(seat));
    for (const seat of this.buttons.keys()) if (!seats.has(seat)) this.buttons.delete(seat);
    for (const row of this.rows.keys()) if (!wanted.has(row)) this.rows.delete(row);
    if (!seats.has(this.cursor)) this.cursor = seen.find((seat) => this.plan.marks[seat] === 0) ?? seen[0] ?? this.cursor;
    this.placed = this.cell;
    this.layer.style.setProperty("--cell", this.cell + "px");
    children(this.layer, [...wanted.keys()].map((row) => this.#row(row)));
    const first = wanted.has(this.plan.row(this.cursor)) ? [[this.plan.row(this.cursor), wanted.get(this.plan.row(this.cursor))]] : [];
    this.queue = [...first, ...[...wanted].filter(([row]) => row !== first[0]?.[0])];
    this.#fill(0);
  }

  // #fill creates the buttons of queued rows, at least one, for some milliseconds. The others follow in the
  // next frames. The cursor's row is the first.
  #fill(time) {
    const end = performance.now() + time, { queue } = this;
    while (queue.length > 0) {
      const [row, seats] = queue.shift();
      children(this.rows.get(row), seats.map((seat) => this.#button(seat)));
      if (performance.now() >= end) break;
    }
    if (queue.length > 0) requestAnimationFrame(() => { if (this.queue === queue) this.#fill(slice); });
  }

  // #row returns the element of a row.
  #row(row) {
    let element = this.rows.get(row);
    if (!element) {
      element = Object.assign(document.createElement("div"), { role: "group", ariaLabel: `${row.section.name}, row ${row.name}` });
      this.rows.set(row, element);
    }
    return element;
  }

  // #button returns the updated button of a seat. It writes changed attributes only, because a screen
  // reader may announce any.
  #button(seat) {
    let button = this.buttons.get(seat);
    if (!button) {
      button = Object.assign(document.createElement("button"), { type: "button", className: "seat" });
      button.dataset.seat = seat;
      this.buttons.set(seat, button);
    }
    const tab = seat === this.cursor ? "0" : "-1";
    if (button.edition === this.edition && button.getAttribute("tabindex") === tab) return button;
    button.edition = this.edition;
    const { plan, cell } = this, status = plan.status(seat), mark = this.mark(seat);
    const place = `translate(${this.margin + plan.xs[seat] * cell - cell * .48}px, ${plan.ys[seat] * cell - cell * .48}px)`;
    if (button.style.transform !== place) button.style.transform = place;
    const now = { "data-status": status, "data-mark": mark, "aria-label": this.label(seat), tabindex: tab,
      "aria-pressed": this.act && (status === "free" || mark === "picked") ? String(mark === "picked") : null,
      "aria-disabled": this.act && mark !== "picked" && (status !== "free" || this.full()) ? "true" : null };
    for (const [name, value] of Object.entries(now)) {
      if (value === null) button.removeAttribute(name);
      else if (button.getAttribute(name) !== value) button.setAttribute(name, value);
    }
    return button;
  }
}

// nearest returns the seat of a row that is nearest to another one.
function nearest({ xs, ys }, { first, end }, seat) {
  let best = first, least = Infinity;
  for (let other = first; other < end; other++) {
    const distance = (xs[other] - xs[seat]) ** 2 + (ys[other] - ys[seat]) ** 2;
    if (distance < least) [best, least] = [other, distance];
  }
  return best;
}

// contains returns whether an area contains a position, relative to its own. For a polygon its
// bounding box counts.
function contains({ shape, width, height, rx, ry, points, rotation }, x, y) {
  const angle = -rotation * Math.PI / 180;
  [x, y] = [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
  if (shape === "rectangle") return x >= 0 && y >= 0 && x <= width && y <= height;
  if (shape === "circle" || shape === "ellipse") return (x / rx) ** 2 + (y / ry) ** 2 <= 1;
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  return points.length > 2 && x >= Math.min(...xs) && x <= Math.max(...xs) && y >= Math.min(...ys) && y <= Math.max(...ys);
}
