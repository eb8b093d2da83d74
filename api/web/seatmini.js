// The overview in a corner of an enlarged SeatMap: the whole hall, and a frame around the visible part.
// Pressing a point of it scrolls there.

import { hull } from "./seatpaint.js";
import { css } from "./seatsigns.js";

const largest = matchMedia("(max-width: 30rem)").matches ? { width: 110, height: 80 } : { width: 150, height: 110 };

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

  draw({ x, y, width, height }) {
    const { map, canvas } = this, { plan, cell } = map, ratio = devicePixelRatio || 1;
    const hidden = plan.width * cell <= width * 1.3 && plan.height * cell <= height * 1.3;
    canvas.hidden = hidden;
    if (hidden) return;
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
    for (const { x, y, width, height, rx, ry, category } of plan.shapes) {
      pen.fillStyle = category === undefined ? css(colour.line) : css(colour.categories[category].fill, .5);
      pen.fillRect((x - rx) * scale, (y - ry) * scale, Math.max(width, 2 * rx) * scale, Math.max(height, 2 * ry) * scale);
    }
    for (const section of plan.sections) {
      const { points, typical } = hull(plan, section);
      pen.beginPath();
      for (const [x, y] of points) pen.lineTo(x * scale, y * scale);
      pen.closePath();
      const fill = css(colour.categories[plan.kinds[typical]].fill, .8);
      Object.assign(pen, { fillStyle: fill, strokeStyle: fill, lineWidth: scale, lineJoin: "round" });
      pen.fill();
      pen.stroke();
    }
    return picture;
  }
}
