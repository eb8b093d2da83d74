// The seats of a performance and their places, without a page. A seat is a number from 0, counted
// section by section, row by row from the front, left to right.

export const statuses = ["free", "held", "booked", "blocked"];
const letters = "fhbx"; // statuses on the wire

export class SeatPlan {
  // sections: [{id, name, rows, seats_per_row, price}], in the performance's order.
  constructor(sections) {
    this.size = 0;
    this.sections = sections.map((section) => {
      const first = this.size;
      this.size += section.rows * section.seats_per_row;
      return { ...section, first };
    });
    this.marks = new Uint8Array(this.size); // numbers into statuses
  }

  // place returns the section, row and number of a seat; row and number from 1, as in its
  // name.
  place(seat) {
    const section = this.sections.findLast(({ first }) => first <= seat);
    const within = seat - section.first;
    return { section, row: Math.floor(within / section.seats_per_row) + 1, number: within % section.seats_per_row + 1 };
  }

  // seat returns the one at a place, -1 if there is none.
  seat(section, row, number) {
    if (!section || row < 1 || number < 1 || row > section.rows || number > section.seats_per_row) return -1;
    return section.first + (row - 1) * section.seats_per_row + number - 1;
  }

  name(seat) {
    const { section, row, number } = this.place(seat);
    return `${section.id}-${row}-${number}`;
  }

  // find returns the seat of a name, -1 if there is none. A section's id may have a - in
  // it.
  find(name) {
    const [, id, row, number] = name.match(/^(.+)-(\d+)-(\d+)$/) ?? [];
    return this.seat(this.sections.find((section) => section.id === id), Number(row), Number(number));
  }

  status(seat) { return statuses[this.marks[seat]]; }
  price(seat) { return this.place(seat).section.price; }

  // fill sets all seats from a snapshot of the topic seats:.
  fill(sections) {
    for (const { id, rows } of sections) {
      let seat = this.sections.find((section) => section.id === id)?.first;
      if (seat === undefined) continue;
      for (const row of rows) for (const letter of row) this.marks[seat++] = letters.indexOf(letter);
    }
  }

  // set sets some seats, by name, and returns those that have changed: seat -> status
  // before.
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

  // nearest returns a free seat of a section, the first one from the front, or its first.
  nearest(section) {
    const end = section.first + section.rows * section.seats_per_row;
    const free = this.marks.subarray(section.first, end).indexOf(0);
    return section.first + Math.max(0, free);
  }
}
