// The choice of a visitor: seats, each with a price type, and standing places.

import { readStored, writeStored } from "./page.js";
import { priceOf } from "./seatplan.js";

export const maxPlaces = 50; // seats and places in a booking

// Choice survives a reload of the page. mine returns the number of seats and places that the visitor
// already has; limit is the maximum for one person, 0 for none.
export class Choice {
  constructor(id, plan, limit, mine) {
    Object.assign(this, { id, plan, limit, mine });
    this.seats = new Set(readStored("sessionStorage", "picks." + id, []).map((name) => plan.find(name)).filter((seat) => seat >= 0));
    const { types = {}, places = [] } = readStored("sessionStorage", "choice." + id, {});
    this.types = new Map(Object.entries(types).map(([name, type]) => [plan.find(name), type]));
    this.places = new Map(); // area -> [quantity by price type, in the order of the types]
    for (const [area, quantities] of places) {
      const known = this.#area(area);
      if (known) this.places.set(known, this.typesOf(known).map((_, i) => quantities[i] ?? 0));
    }
  }

  #area(id) { return this.plan.areas.find((area) => area.id === id); }

  save() {
    writeStored("sessionStorage", "picks." + this.id, [...this.seats].map((seat) => this.plan.name(seat)));
    const types = Object.fromEntries([...this.types].map(([seat, type]) => [this.plan.name(seat), type]));
    writeStored("sessionStorage", "choice." + this.id, { types, places: [...this.places].map(([{ id }, quantities]) => [id, quantities]) });
  }

  // typesOf returns the prices that a visitor may choose for an area or a category.
  typesOf({ category, prices = this.plan.categories[category].prices }) { return this.plan.types({ prices }); }

  get standing() { return [...this.places.values()].flat().reduce((sum, n) => sum + n, 0); }
  get size() { return this.seats.size + this.standing; }
  get spare() { return this.limit ? Math.max(0, Math.min(maxPlaces, this.limit - this.mine())) : maxPlaces; }
  get full() { return this.size >= this.spare; }

  // price of a chosen seat, and of all.
  price(seat) { return this.plan.price(seat, this.types.get(seat)); }
  get sum() {
    let sum = [...this.seats].reduce((sum, seat) => sum + this.price(seat), 0);
    for (const { area, type, quantity } of this.lines()) sum += quantity * priceOf(this.plan.categories[area.category], type);
    return sum;
  }

  // lines returns the chosen places by area and price type.
  lines() {
    return [...this.places].flatMap(([area, quantities]) => this.typesOf(area)
      .map(({ type }, i) => ({ area, type, quantity: quantities[i] ?? 0 })).filter(({ quantity }) => quantity > 0));
  }

  // remove removes a seat, and returns whether it was chosen.
  remove(seat) {
    this.types.delete(seat);
    return this.seats.delete(seat);
  }

  // step changes the number of places chosen in an area at a price type, given by its index.
  step(area, number, by) {
    const quantities = this.places.get(area) ?? this.typesOf(area).map(() => 0);
    quantities[number] = Math.max(0, quantities[number] + by);
    this.places.set(area, quantities);
  }

  clear() {
    this.seats.clear();
    this.clearPlaces();
    this.types.clear();
  }
  clearPlaces() { this.places.clear(); }

  // asked returns the body of a booking of the whole choice, or of other seats with the same places.
  asked(names = [...this.seats].map((seat) => this.plan.name(seat))) {
    const wanted = names.map((name) => {
      const seat = this.plan.find(name), type = this.types.get(seat);
      return type === undefined ? name : { seat: name, price_type: type };
    });
    const areas = {};
    for (const { area, type, quantity } of this.lines()) {
      (areas[area.id] ??= []).push({ ...(type ? { price_type: type } : {}), quantity });
    }
    return { ...(wanted.length > 0 ? { seats: wanted } : {}), ...(Object.keys(areas).length > 0 ? { areas } : {}) };
  }

  // words returns the size of the choice: "2 seats", "2 seats, 3 standing".
  get words() {
    return [this.seats.size > 0 || this.standing === 0 ? counted(this.seats.size) : "", this.standing > 0 ? `${this.standing} standing` : ""].filter(Boolean).join(", ");
  }
}

export const counted = (n) => `${n} ${n === 1 ? "seat" : "seats"}`;
