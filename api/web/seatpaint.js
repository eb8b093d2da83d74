// Paints the part of a hall that is in view on a canvas: the stage, sections with their rows'
// numbers, and seats that are too small to be buttons.

const kinds = ["free", "held", "booked", "blocked", "picked", "mine"];

// paint wants in view the size of the box and how far it is scrolled; in parts the
// blocks of seats in view, each with the rows and columns that are, from 0; left is
// the margin, cell a seat's size, both in pixels; kindOf(seat) one of kinds.
export function paint(canvas, view, { hall, parts, left, cell, buttons, plan, kindOf }) {
  const ratio = devicePixelRatio || 1, style = getComputedStyle(canvas);
  const colour = Object.fromEntries([...kinds, "free-edge", "ink", "soft", "ground", "line"].map((name) => [name, style.getPropertyValue("--" + name)]));
  const width = Math.round(view.width * ratio), height = Math.round(view.height * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  Object.assign(canvas.style, { width: view.width + "px", height: view.height + "px" });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  pen.translate(left - view.x, -view.y);
  const text = (words, x, y, size, fill) => {
    Object.assign(pen, { font: `600 ${size}px ${style.fontFamily}`, fillStyle: fill, strokeStyle: colour.ground, lineWidth: 4, lineJoin: "round" });
    pen.strokeText(words, x, y);
    pen.fillText(words, x, y);
  };
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = colour.line;
  pen.fillRect(hall.width * cell * .2, cell * .5, hall.width * cell * .6, cell * 1.2);
  if (cell >= 8) text("Stage", hall.width * cell / 2, cell * 1.1, Math.min(cell, 14), colour.soft);
  for (const part of parts) {
    if (!buttons) seats(pen, part, { cell, plan, kindOf, colour });
    numbers(text, part, { cell, colour });
  }
  for (const part of parts) title(pen, text, part, { cell, colour, buttons });
}

// seats draws runs of the same kind, or single seats once there is room between them.
function seats(pen, { section, x, y, rows, columns }, { cell, plan, kindOf, colour }) {
  const single = cell >= 5, size = single ? cell * .84 : cell;
  for (let row = rows[0]; row < rows[1]; row++) {
    const first = plan.seat(section, row + 1, 1), top = Math.round((y + row) * cell), next = Math.round((y + row + 1) * cell);
    const high = cell < 3 ? next - top : cell * .84;
    for (let from = columns[0], to; from < columns[1]; from = to) {
      const kind = kindOf(first + from);
      for (to = from + 1; !single && to < columns[1] && kindOf(first + to) === kind;) to++;
      pen.fillStyle = kind === "free" && !single ? colour["free-edge"] : colour[kind];
      pen.fillRect((x + from) * cell, top, (to - from - 1) * cell + size, high);
      if (single) edge(pen, kind, (x + from) * cell, top, size, colour);
      if (cell >= 9) sign(pen, kind, (x + from) * cell, top, size, colour);
    }
  }
}

// edge is drawn around marks that hardly differ from the ground: the free, and the blocked.
function edge(pen, kind, x, y, size, colour) {
  if (kind !== "free" && kind !== "blocked") return;
  Object.assign(pen, { strokeStyle: kind === "free" ? colour["free-edge"] : colour.soft, lineWidth: 1 });
  pen.strokeRect(x + .5, y + .5, size - 1, size - 1);
}

// sign marks a seat for people who can't tell the colours apart: a held one is half full, one not
// on sale is crossed, a chosen one has a dot and one of the visitor's a large dot.
function sign(pen, kind, x, y, size, colour) {
  pen.fillStyle = kind === "held" ? colour.free : colour.ground;
  pen.beginPath();
  if (kind === "held") {
    pen.moveTo(x, y);
    pen.lineTo(x + size, y);
    pen.lineTo(x, y + size);
  } else if (kind === "picked" || kind === "mine") {
    pen.arc(x + size / 2, y + size / 2, size * (kind === "picked" ? .2 : .32), 0, 7);
  }
  pen.fill();
  if (kind !== "blocked") return;
  Object.assign(pen, { strokeStyle: colour.soft, lineWidth: 1 });
  pen.moveTo(x, y);
  pen.lineTo(x + size, y + size);
  pen.stroke();
}

// numbers of the rows are painted before them.
function numbers(text, { x, y, rows }, { cell, colour }) {
  if (cell < 11) return;
  for (let row = rows[0]; row < rows[1]; row++) text(row + 1, (x - .8) * cell, (y + row + .45) * cell, Math.min(cell * .7, 13), colour.soft);
}

// title of a section: above the part in view, or across it while it is small.
function title(pen, text, { section, x, y, columns }, { cell, colour, buttons }) {
  const words = section.name, wide = section.seats_per_row * cell;
  pen.font = "600 14px system-ui";
  if (pen.measureText(words).width > Math.max(wide + 2 * cell, 60)) return;
  const high = cell >= 9 ? y - .8 : y + section.rows / 2;
  if (cell >= 9 || buttons || section.rows * cell > 16) text(words, (x + (columns[0] + columns[1]) / 2) * cell, high * cell, 14, colour.ink);
}
