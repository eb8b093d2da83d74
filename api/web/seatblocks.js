// Arranges the sections of a performance without a plan: blocks of rows, on shelves in front of a stage.

const gap = { x: 3, y: 2.5 }; // around a section, in seats
const front = { least: 2, share: 1 / 24 }; // the height of the stage: seats, and a share of the hall's length

// shelve places sections on shelves with a width of wide seats, behind a stage with a height of deep seats,
// and returns the position {x, y} of each, and the total size, in seats.
function shelve(sections, wide, deep) {
  const shelves = [];
  for (const section of sections) {
    const width = section.seats_per_row + gap.x;
    let shelf = shelves.at(-1);
    if (!shelf || shelf.width + width + gap.x > wide) shelves.push(shelf = { width: 0, height: 0, sections: [] });
    shelf.sections.push(shelf.width + gap.x);
    shelf.width += width;
    shelf.height = Math.max(shelf.height, section.rows + gap.y);
  }
  const width = Math.max(...shelves.map((shelf) => shelf.width)) + gap.x, places = [];
  let y = deep;
  for (const shelf of shelves) {
    for (const x of shelf.sections) places.push({ x: x + (width - shelf.width - gap.x) / 2, y: y + gap.y });
    y += shelf.height;
  }
  return { places, width, height: y + 1, stage: { x: width * .2, y: .5, width: width * .6, height: deep - .8 } };
}

// arrange chooses the width of the shelves that best fills a box of 3:2.
export function arrange(sections) {
  const widest = Math.max(...sections.map((section) => section.seats_per_row + 2 * gap.x));
  const area = sections.reduce((sum, section) => sum + (section.seats_per_row + gap.x) * (section.rows + gap.y), 0);
  const length = Math.sqrt(area), deep = Math.max(front.least, length * front.share); // so that its name is legible
  const halls = [0, 1, 1.2, 1.5, 2, 3].map((factor) => shelve(sections, Math.max(widest, factor * length), deep));
  const span = (hall) => Math.max(hall.width / 1.5, hall.height);
  return halls.reduce((best, hall) => span(hall) < span(best) ? hall : best);
}
