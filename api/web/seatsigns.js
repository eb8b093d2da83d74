// The appearance of seats: a colour and a shape for each category, and for each status a sign that is
// legible without colour. The map, its legend and its cards share it.

export const kinds = ["free", "held", "booked", "blocked", "picked", "mine"];

// The shapes of categories, in turn: paths around the origin with a width of about 1.
const paths = [
  "M-.43 0A.43 .43 0 1 0 .43 0A.43 .43 0 1 0 -.43 0Z",
  "M-.4 -.28Q-.4 -.4 -.28 -.4H.28Q.4 -.4 .4 -.28V.28Q.4 .4 .28 .4H-.28Q-.4 .4 -.4 .28Z",
  "M0 -.5L.5 0L0 .5L-.5 0Z",
  "M-.42 -.4H.42V.02A.42 .42 0 0 1 -.42 .02Z",
  "M-.46 0L-.23 -.42H.23L.46 0L.23 .42H-.23Z",
  "M-.42 .4V-.02A.42 .42 0 0 1 .42 -.02V.4Z",
];
const shapes = paths.map((path) => new Path2D(path));
export const letterOf = (category) => String.fromCharCode(65 + category % 26);

const names = ["free", "free-edge", "held", "booked", "blocked", "picked", "on-picked", "mine", "on-mine", "ink", "soft", "ground", "line"];
const forced = matchMedia("(forced-colors: active)");

// coloursOf reads the colours of the page and of the categories as [r, g, b]. A category's colour is
// changed until it contrasts with the background. from is an element of the map.
export function coloursOf(from, categories) {
  const probe = document.createElement("span"), colour = {};
  probe.className = "probe";
  for (const name of names) probe.appendChild(document.createElement("i")).style.color = `var(--${name})`;
  from.append(probe); // all at once, so that styles are computed once
  names.forEach((name, i) => {
    colour[name] = getComputedStyle(probe.children[i]).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  });
  const font = getComputedStyle(probe).fontFamily;
  probe.remove();
  const of = categories.map(({ color }) => {
    const given = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
    const fill = forced.matches ? colour["free-edge"] : contrasting(given, colour.ground);
    return { fill, ink: contrast(fill, [255, 255, 255]) > contrast(fill, [0, 0, 0]) ? [255, 255, 255] : [0, 0, 0] };
  });
  return { ...colour, categories: of, font, letters: categories.length > 1 };
}

export const css = ([r, g, b], a = 1) => `rgb(${r} ${g} ${b} / ${a})`;

const light = (colour) => colour.map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
function contrast(a, b) {
  const [one, other] = [light(a), light(b)];
  return (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
}

function contrasting(colour, ground) {
  const away = light(ground) > .2 ? 0 : 255;
  let found = colour;
  for (let part = 0; contrast(found, ground) < 3.2 && part <= 1; part += .05) {
    found = colour.map((c) => Math.round(c + (away - c) * part));
  }
  return found;
}

// sign draws a seat around the origin, size pixels wide.
export function sign(pen, kind, category, size, colour, text = "") {
  const shape = shapes[category % shapes.length], of = colour.categories[category] ?? { fill: colour["free-edge"], ink: colour.ground };
  const scaled = (scale, draw) => {
    pen.save();
    pen.scale(size * scale, size * scale);
    draw(1 / (size * scale));
    pen.restore();
  };
  const fill = (scale, of) => scaled(scale, () => { pen.fillStyle = css(of); pen.fill(shape); });
  const edge = (scale, of, width, dash = []) => scaled(scale, (pixel) => {
    Object.assign(pen, { strokeStyle: css(of), lineWidth: width * pixel });
    pen.setLineDash(dash.map((n) => n * pixel));
    pen.stroke(shape);
  });
  const words = (words, of, part = .5) => {
    Object.assign(pen, { font: `600 ${Math.min(size * part, 14)}px ${colour.font}`, fillStyle: css(of), textAlign: "center", textBaseline: "middle" });
    pen.fillText(words, 0, size * .03);
  };
  if (kind === "free") {
    fill(1, of.fill);
    if (size >= 11) words(text || (colour.letters ? letterOf(category) : ""), of.ink, text.length > 2 ? .36 : .42);
  } else if (kind === "held") {
    scaled(.86, () => {
      pen.fillStyle = css(colour.held);
      pen.clip(shape);
      pen.fillRect(-.5, 0, 1, .5);
    });
    edge(.86, colour.held, Math.max(1, size / 12));
  } else if (kind === "booked") {
    fill(size < 8 ? .8 : .62, colour.booked);
  } else if (kind === "blocked") {
    edge(.7, colour.soft, 1, size > 8 ? [2, 2] : []);
    if (size > 8) words("×", colour.soft);
  } else {
    const [on, mark] = kind === "picked" ? ["on-picked", "✓"] : ["on-mine", "★"];
    fill(1.16, colour.ink);
    fill(.98, colour[kind]);
    if (size >= 9) words(mark, colour[on], .56);
  }
}

// swatch draws the sign of a seat on a canvas, side CSS pixels wide.
export function swatch(canvas, kind, category, side, colour) {
  const ratio = devicePixelRatio || 1, pen = canvas.getContext("2d");
  Object.assign(canvas, { width: side * ratio, height: side * ratio });
  pen.setTransform(ratio, 0, 0, ratio, side * ratio / 2, side * ratio / 2);
  sign(pen, kind, category, side * .9, colour);
  return canvas;
}

// Signs caches pictures of the signs at one size.
export class Signs {
  constructor(colour) { Object.assign(this, { colour, size: 0, made: new Map() }); }

  // of returns the picture of a sign of size device pixels; the picture has a margin.
  of(kind, category, size) {
    if (this.size !== size) Object.assign(this, { size, made: new Map() });
    const key = kinds.indexOf(kind) * 256 + category;
    let picture = this.made.get(key);
    if (!picture) {
      const side = Math.ceil(size * 1.25) + 2;
      picture = Object.assign(document.createElement("canvas"), { width: side, height: side });
      const pen = picture.getContext("2d");
      pen.translate(side / 2, side / 2);
      sign(pen, kind, category, size, this.colour);
      this.made.set(key, picture);
    }
    return picture;
  }
}
