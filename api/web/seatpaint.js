// Paints the visible part of a hall on a canvas: areas and decoration, sections with the names of their
// rows, and all seats: as dots while they are tiny, otherwise as signs.

import { css, kinds, sign } from "./seatsigns.js";

const dots = 7; // device pixels of a seat below which it is a dot
export const afar = 5; // pixels of a seat below which sections have their names across them

// paint draws the part {x, y, width, height} of a scene and returns the drawn part. Given the part drawn
// before of the same scene, it shifts that picture and draws only the uncovered parts. scene has the
// plan, the position of its corner (left, top), cell (pixels of a seat), outline (whether seats are left
// out), numbers (whether they show their numbers), colour, signs, and kindOf(seat), one of kinds; note(section) and areaNote(area) return
// the second line of a label, or "".
export function paint(canvas, view, scene, before) {
  const ratio = devicePixelRatio || 1, pen = canvas.getContext("2d");
  const width = Math.round(view.width * ratio), height = Math.round(view.height * ratio);
  // In whole device pixels, so that a shifted picture equals a new one.
  const drawn = { x: Math.round((view.x - scene.left) * ratio), y: Math.round((view.y - scene.top) * ratio), width, height };
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    Object.assign(canvas.style, { width: view.width + "px", height: view.height + "px" });
    before = undefined;
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  const parts = before ? uncovered(before, drawn) : [{ x: 0, y: 0, width, height }];
  if (before && parts.length > 0) {
    pen.globalCompositeOperation = "copy";
    pen.drawImage(canvas, before.x - drawn.x, before.y - drawn.y);
    pen.globalCompositeOperation = "source-over";
  }
  for (const part of parts) if (part.width > 0 && part.height > 0) paintPart({ ...scene, pen, ratio }, drawn, part);
  return drawn;
}

// uncovered returns the parts of a picture that are not in the previous one: a strip at the left or right,
// and one at the top or bottom.
function uncovered(before, { x, y, width, height }) {
  const dx = x - before.x, dy = y - before.y, wide = Math.min(Math.abs(dx), width), high = Math.min(Math.abs(dy), height);
  return [
    { x: dx > 0 ? width - wide : 0, y: 0, width: wide, height },
    { x: dx > 0 ? 0 : wide, y: dy > 0 ? height - high : 0, width: width - wide, height: high },
  ].filter((part) => part.width > 0 && part.height > 0);
}

function paintPart(scene, { x, y }, part) {
  const { pen, ratio, plan, cell } = scene, unit = cell * ratio;
  const seen = { x0: (x + part.x) / unit, y0: (y + part.y) / unit, x1: (x + part.x + part.width) / unit, y1: (y + part.y + part.height) / unit };
  const at = { ...scene, part, seen, left: -x, top: -y }, inPlan = () => pen.setTransform(ratio, 0, 0, ratio, -x, -y);
  pen.save();
  pen.beginPath();
  pen.rect(part.x, part.y, part.width, part.height);
  pen.clip();
  pen.clearRect(part.x, part.y, part.width, part.height);
  inPlan();
  for (const shape of plan.shapes) area(at, shape);
  for (const section of plan.sections) ground(at, section);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  if (!scene.outline) (unit < dots ? specks : seats)(at);
  inPlan();
  for (const row of plan.rows) if (cell >= 11) rowName(at, row);
  for (const shape of plan.shapes) label(at, shape);
  for (const section of plan.sections) title(at, section);
  pen.restore();
}

// reaches returns whether a box, enlarged by margin seats, is visible.
const reaches = ({ x0, y0, x1, y1 }, seen, margin) => x1 + margin > seen.x0 && x0 - margin < seen.x1 && y1 + margin > seen.y0 && y0 - margin < seen.y1;

// ---- Seats

// specks writes seats as rectangles of pixels, which is fast enough for all seats of a large hall.
const sheet = document.createElement("canvas"), pack = ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0;
function specks({ pen, plan, cell, left, top, ratio, part, seen, colour, kindOf }) {
  const { width, height } = part;
  if (sheet.width < width || sheet.height < height) Object.assign(sheet, { width: Math.max(sheet.width, width), height: Math.max(sheet.height, height) });
  const brush = sheet.getContext("2d"), picture = brush.createImageData(width, height), pixels = new Uint32Array(picture.data.buffer);
  const fills = colour.categories.map(({ fill }) => pack(fill)), size = cell * ratio;
  const paint = Object.fromEntries(kinds.map((kind) => [kind, pack(colour[kind])]));
  const full = Math.max(1, Math.round(size * .82)), small = Math.max(1, Math.round(size * .5));
  plan.within(seen.x0 - 1, seen.y0 - 1, seen.x1 + 1, seen.y1 + 1, (seat) => {
    const kind = kindOf(seat), side = kind === "blocked" ? small : kind === "picked" || kind === "mine" ? full + 2 : full;
    const x = Math.round(plan.xs[seat] * size - side / 2) + left - part.x, y = Math.round(plan.ys[seat] * size - side / 2) + top - part.y;
    const fill = kind === "free" ? fills[plan.kinds[seat]] : paint[kind];
    const from = Math.max(0, x), to = Math.min(width, x + side);
    for (let line = Math.max(0, y), end = Math.min(height, y + side); line < end; line++) {
      for (let at = line * width + from, last = line * width + to; at < last; at++) pixels[at] = fill; // fill() takes longer for so few
    }
  });
  brush.putImageData(picture, 0, 0);
  pen.drawImage(sheet, 0, 0, width, height, part.x, part.y, width, height);
}

function seats({ pen, plan, cell, left, top, ratio, seen, colour, signs, numbers, kindOf }) {
  const unit = cell * ratio, size = Math.round(unit);
  const numbered = [];
  plan.within(seen.x0 - 1, seen.y0 - 1, seen.x1 + 1, seen.y1 + 1, (seat) => {
    const kind = kindOf(seat), x = plan.xs[seat] * unit, y = plan.ys[seat] * unit;
    if (numbers && kind === "free") return numbered.push([seat, x, y]);
    const picture = signs.of(kind, plan.kinds[seat], size);
    pen.drawImage(picture, Math.round(x - picture.width / 2) + left, Math.round(y - picture.height / 2) + top);
  });
  for (const [seat, x, y] of numbered) {
    pen.setTransform(1, 0, 0, 1, Math.round(x) + left, Math.round(y) + top);
    sign(pen, "free", plan.kinds[seat], size, colour, plan.number(seat));
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
}

// ---- Areas, decoration and sections

// outline makes a shape of the plan the path of a pen.
export function outline({ pen, cell }, { shape, x, y, width, height, rx, ry, points, rotation = 0 }) {
  pen.save();
  pen.translate(x * cell, y * cell);
  pen.rotate(rotation * Math.PI / 180);
  pen.beginPath();
  if (shape === "rectangle") pen.roundRect(0, 0, width * cell, height * cell, Math.min(6, cell));
  else if (shape === "circle" || shape === "ellipse") pen.ellipse(0, 0, rx * cell, ry * cell, 0, 0, 7);
  else if (shape === "polygon" && points.length > 2) {
    for (const point of points) pen.lineTo(point.x * cell, point.y * cell);
    pen.closePath();
  }
  pen.restore();
}

// area draws an area for sale striped in the colour of its category, and decoration plain.
function area(at, shape) {
  const { pen, colour } = at;
  outline(at, shape);
  if (shape.category === undefined) {
    pen.fillStyle = css(colour.line);
    return pen.fill();
  }
  const { fill } = colour.categories[shape.category];
  pen.fillStyle = css(fill, .16);
  pen.fill();
  pen.save();
  pen.clip();
  Object.assign(pen, { strokeStyle: css(fill, .35), lineWidth: 1 });
  stripes(at, shape);
  pen.restore();
  outline(at, shape);
  Object.assign(pen, { strokeStyle: css(fill), lineWidth: 2 });
  pen.stroke();
}

// stripes draws lines with x + y or x - y at multiples of step, so that separately drawn parts fit together.
function stripes({ pen, cell, seen }, { category }) {
  const step = 10, x0 = seen.x0 * cell, x1 = seen.x1 * cell, y0 = seen.y0 * cell - 2, y1 = seen.y1 * cell + 2, rising = category % 2 === 1;
  const first = rising ? x0 + y0 : x0 - y1, last = rising ? x1 + y1 : x1 - y0;
  pen.beginPath();
  for (let at = Math.floor(first / step) * step; at < last + step; at += step) {
    pen.moveTo(rising ? at - y0 : at + y0, y0);
    pen.lineTo(rising ? at - y1 : at + y1, y1);
  }
  pen.stroke();
}

// ground tints the background of a section.
function ground({ pen, plan, cell, colour, seen }, section) {
  const { points, box, typical } = hull(plan, section);
  if (!reaches(box, seen, 1)) return;
  fillSection(pen, points, cell, colour, plan.kinds[typical], cell < afar ? .22 : .09);
}

// fillSection fills the outline of a section with the colour of a category, mixed with the ground: a
// translucent one would show where the filling and its edge overlap.
export function fillSection(pen, points, cell, colour, kind, part) {
  const tint = css(colour.categories[kind].fill.map((c, i) => Math.round(c * part + colour.ground[i] * (1 - part))));
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x * cell, y * cell);
  pen.closePath();
  Object.assign(pen, { fillStyle: tint, strokeStyle: tint, lineWidth: 1.5 * cell, lineJoin: "round" });
  pen.fill();
  pen.stroke();
}

// hull returns the outline of a section, along its first and last row and the ends of the others, its
// bounding box, and a seat of its most frequent category.
const hulls = new WeakMap();
export function hull(plan, section) {
  if (hulls.has(section)) return hulls.get(section);
  const { rows } = section, point = (seat) => [plan.xs[seat], plan.ys[seat]];
  const along = ({ first, end }) => {
    const step = Math.max(1, Math.floor((end - first) / 16)), seats = [];
    for (let seat = first; seat < end - 1; seat += step) seats.push(seat);
    return [...seats, end - 1].map(point);
  };
  const every = Math.max(1, Math.floor(rows.length / 24)), between = rows.filter((_, i) => i % every === 0);
  const points = [...along(rows[0]), ...between.map(({ end }) => point(end - 1)), ...along(rows.at(-1)).reverse(), ...between.map(({ first }) => point(first)).reverse()];
  const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
  const box = { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
  const commonest = [...plan.kindsOf(section).values()].reduce((best, kind) => kind.seats > best.seats ? kind : best);
  const found = { points, box, typical: commonest.first };
  hulls.set(section, found);
  return found;
}

// ---- Words

function text({ pen, colour }, words, x, y, size, fill, weight = 600) {
  Object.assign(pen, { font: `${weight} ${size}px ${colour.font}`, fillStyle: css(fill), strokeStyle: css(colour.ground), lineWidth: 4, lineJoin: "round",
    textAlign: "center", textBaseline: "middle" });
  pen.strokeText(words, x, y);
  pen.fillText(words, x, y);
}

// rowName draws the name of a row at both of its ends.
function rowName(at, { name, first, end }) {
  const { plan, cell, seen, colour } = at, { xs, ys } = plan;
  for (const [seat, next] of [[first, first + 1], [end - 1, end - 2]]) {
    let [dx, dy] = seat === next || next >= end || next < first ? [seat === first ? -1 : 1, 0] : [xs[seat] - xs[next], ys[seat] - ys[next]];
    const length = Math.hypot(dx, dy) || 1, x = xs[seat] + dx / length * 1.05, y = ys[seat] + dy / length * 1.05;
    if (!reaches({ x0: x, y0: y, x1: x, y1: y }, seen, 2)) continue;
    text(at, name, x * cell, y * cell, Math.min(cell * .5, 13), colour.soft);
    if (end - first === 1) break;
  }
}

function label(at, shape) {
  const { pen, plan, cell, colour, areaNote } = at, words = shape.label.text, { x, y } = shape;
  if (!words) return;
  const wide = (shape.width || 2 * shape.rx || 60) * cell, size = Math.min(15, Math.max(11, cell, wide / 12));
  pen.font = `600 ${size}px ${colour.font}`;
  const note = shape.category === undefined ? "" : areaNote?.(shape) ?? "";
  if (pen.measureText(words).width > Math.max(wide, 40)) return;
  const middle = { x: x + shape.label.x, y: y + shape.label.y }, stage = shape.category === undefined ? undefined : plan.shapes.find((other) => covers(other, middle));
  if (stage) middle.y = stage.y + stage.height + 1.6 * size / cell;
  const high = (shape.height || 2 * shape.ry) * cell, two = note && high > 3 * size && pen.measureText(note).width < wide;
  text(at, words, middle.x * cell, middle.y * cell - (two ? size * .6 : 0), size, colour[shape.category === undefined ? "soft" : "ink"]);
  if (two) text(at, note, middle.x * cell, middle.y * cell + size * .7, size * .85, colour.soft, 400);
}

// covers returns whether a decorative rectangle, such as a stage, is drawn over a position.
const covers = ({ shape, category, x, y, width, height, rotation = 0 }, place) => shape === "rectangle" && category === undefined && rotation === 0 &&
  place.x > x && place.x < x + width && place.y > y && place.y < y + height;

// title draws the name of a section: across it at a small scale, otherwise before its first row.
function title(at, section) {
  const { pen, plan, cell, colour, seen, note } = at, { box, points } = hull(plan, section);
  if (!reaches(box, seen, 3 + 64 / cell)) return; // the name may be wider than the section
  pen.font = `600 14px ${colour.font}`;
  const wide = pen.measureText(section.name).width;
  if (cell < afar) {
    if (wide > (box.x1 - box.x0 + 2) * cell || (box.y1 - box.y0 + 1) * cell < 14) return;
    const x = points.reduce((sum, point) => sum + point[0], 0) / points.length, y = points.reduce((sum, point) => sum + point[1], 0) / points.length;
    const second = note?.(section) ?? "", two = second && (box.y1 - box.y0) * cell > 40 && pen.measureText(second).width < (box.x1 - box.x0) * cell;
    text(at, section.name, x * cell, y * cell - (two ? 8 : 0), 14, colour.ink);
    if (two) text(at, second, x * cell, y * cell + 10, 12, colour.ink, 400);
    return;
  }
  if (wide > Math.max((box.x1 - box.x0 + 4) * cell, 60)) return;
  const size = Math.min(14, Math.max(11, cell)), { x, y, aside } = before(plan, section);
  const middle = x * cell + aside * wide / 2;
  if (middle - wide / 2 >= 0 && middle + wide / 2 <= plan.width * cell) text(at, section.name, middle, y * cell, size, colour.ink);
}

// before returns the position of the name of a section: before its first row, or at the outer side of a
// rotated section.
function before({ xs, ys }, { rows }) {
  const middleOf = ({ first, end }) => (first + end - 1) >> 1, [row, second] = rows, middle = middleOf(row);
  if (!second) return { x: xs[middle], y: ys[middle] - 1.4, aside: 0 };
  const other = middleOf(second), length = Math.hypot(xs[middle] - xs[other], ys[middle] - ys[other]) || 1;
  const dx = (xs[middle] - xs[other]) / length, dy = (ys[middle] - ys[other]) / length;
  if (Math.abs(dy) > .9) return { x: (xs[row.first] + xs[row.end - 1]) / 2, y: ys[middle] + dy * 1.4, aside: 0 };
  const last = rows.at(-1), back = middleOf(last), aside = -Math.sign(dx);
  return { x: xs[back] + aside * 1.6, y: (ys[last.first] + ys[last.end - 1]) / 2, aside };
}
