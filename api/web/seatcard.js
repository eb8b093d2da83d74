// The card at a seat, a section or an area of a SeatMap under the pointer or with the focus. Screen
// readers skip it, because it repeats the accessible name of the button.

import { amount, money } from "./page.js";
import { swatch } from "./seatsigns.js";

const words = { free: "free", held: "on hold", booked: "booked", blocked: "not on sale", mine: "yours", picked: "chosen by you" };

export class SeatCard {
  constructor(root, map) { Object.assign(this, { element: root.querySelector(".tip"), frame: root.querySelector(".frame"), map, of: {} }); }

  hide() {
    this.of = {};
    this.element.hidden = true;
  }

  // refresh updates a visible card.
  refresh() {
    const { of } = this;
    this.of = {};
    if (!this.element.hidden) this.show(of);
  }

  // show shows the card of a result of SeatMap.hit.
  show(of) {
    const { seat = -1, section, area, near } = of;
    if (near || seat < 0 && !area) return this.hide();
    if (seat === this.of.seat && area === this.of.area && section === this.of.section) return;
    this.of = of;
    const lines = area ? this.#area(area) : section ? this.#section(section) : this.#seat(seat);
    this.element.replaceChildren(...lines.filter(Boolean));
    this.element.hidden = false;
    this.#put(area ? { x: area.x + area.label.x, y: area.y + area.label.y } : { x: this.map.plan.xs[seat], y: this.map.plan.ys[seat] });
  }

  #seat(seat) {
    const { plan } = this.map, row = plan.row(seat), kind = this.map.mark(seat) || plan.status(seat);
    return [line("strong", plan.name(seat)), line("span", `${row.section.name}, row ${row.name}, seat ${plan.number(seat)}`),
      this.#price(plan.category(seat), plan.kinds[seat], kind), line("span", [words[kind], ...plan.remarks(seat)].join(", "))];
  }

  #section(section) {
    const note = this.map.note?.(section);
    return [line("strong", section.name), note && line("span", note), line("span", "Click to come nearer")];
  }

  #area(area) {
    const note = this.map.areaNote?.(area);
    return [line("strong", area.label.text), this.#price(this.map.plan.categories[area.category], area.category, "free"), note && line("span", note)];
  }

  #price(category, number, kind) {
    const element = line("span", ""), picture = swatch(document.createElement("canvas"), kind, number, 16, this.map.colour);
    element.append(picture, " ", pricesOf(category));
    return element;
  }

  // #put places the card above a position in the plan, or below it if there is no room.
  #put({ x, y }) {
    const { map, element, frame } = this, { cell, box } = map;
    const at = { x: map.left + x * cell - box.scrollLeft, y: y * cell - box.scrollTop };
    const { offsetWidth: wide, offsetHeight: high } = element, gap = Math.max(cell * .6, 10);
    const left = Math.min(Math.max(at.x - wide / 2, 4), Math.max(4, frame.clientWidth - wide - 4));
    const above = at.y - gap - high, top = above >= 2 ? above : at.y + gap;
    element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

// pricesOf returns the name of a category and its prices in words.
export function pricesOf({ name, prices }) {
  const open = prices.filter(({ restricted }) => !restricted), shown = open.length > 0 ? open : prices;
  const costs = shown.map(({ type, amount: minor }) => type && shown.length > 1 ? `${type} ${amount(minor)}` : money(minor)).join(", ");
  return [name, costs].filter(Boolean).join(" · ");
}

const line = (tag, textContent) => Object.assign(document.createElement(tag), { textContent });
