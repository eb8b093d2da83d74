// The overview in a corner of an enlarged SeatMap: the whole hall, and a frame around the visible part.
// Pressing a point of it scrolls there.

import { fillSection, hull, outline } from "./seatpaint.js";
import { css } from "./seatsigns.js";

const largest = matchMedia("(max-width: 30rem)").matches ? { width: 110, height: 80 } : { width: 150, height: 110 };

// room is the height of the strip that a visible overview needs below the hall, to cover no seat for good.
export const room = largest.height + 24;

export class MiniMap {
  constructor(canvas, map) {
    Object.assign(this, { canvas, map, picture: null });
    const go = (event) => {
      if (event.buttons !== 1) return;
      const { left, top } = canvas.getBoundingClientRect(), { box } = map;
      event.preventDefault();
      box.scrollTo((event.clientX - left) / this.scale * map.cell + map.left - box.clientWidth / 2, (event.clientY - top) / this.scale * map.cell - box.clientHeight / 2);
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); go(event); });
    canvas.addEventListener("pointermove", go);
  }

  // forget discards the picture of the hall, whose colours have changed.
  forget() { this.picture = null; }

  // isHidden returns whether nearly the whole hall is visible at a scale, in a box of this size.
  isHidden(cell, width, height) {
    const { plan } = this.map;
    return plan.width * cell <= width * 1.3 && plan.height * cell <= height * 1.3;
  }

  draw({ x, y, width, height }) {
    const { map, canvas } = this, { cell } = map, ratio = devicePixelRatio || 1;
    canvas.hidden = this.isHidden(cell, width, height);
    if (canvas.hidden) return;
    this.picture ??= this.#paint(ratio);
    const pen = canvas.getContext("2d");
    if (canvas.width !== this.picture.width || canvas.height !== this.picture.height) {
      Object.assign(canvas, { width: this.picture.width, height: this.picture.height });
      Object.assign(canvas.style, { width: canvas.width / ratio + "px", height: canvas.height / ratio + "px" });
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.picture, 0, 0);
    const part = this.scale * ratio / cell;
    Object.assign(pen, { strokeStyle: css(map.colour.ink), fillStyle: css(map.colour.ink, .12), lineWidth: 1.5 * ratio });
    pen.beginPath();
    pen.rect((x - map.margin) * part, y * part, width * part, height * part);
    pen.fill();
    pen.stroke();
  }

  #paint(ratio) {
    const { plan, colour } = this.map;
    this.scale = Math.min(largest.width / plan.width, largest.height / plan.height);
    const scale = this.scale * ratio;
    const picture = Object.assign(document.createElement("canvas"), { width: Math.ceil(plan.width * scale), height: Math.ceil(plan.height * scale) });
    const pen = picture.getContext("2d");
    for (const shape of plan.shapes) {
      outline({ pen, cell: scale }, shape);
      pen.fillStyle = shape.category === undefined ? css(colour.line) : css(colour.categories[shape.category].fill, .5);
      pen.fill();
    }
    for (const section of plan.sections) {
      const { points, typical } = hull(plan, section);
      fillSection(pen, points, scale, colour, plan.kinds[typical], .8);
    }
    return picture;
  }
}
