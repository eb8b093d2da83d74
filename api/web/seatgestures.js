// Moving and zooming a SeatMap: the wheel and two fingers zoom, the mouse drags. One finger scrolls
// the box natively.

const slack = 5; // pixels of movement up to which a press is a click

export function gestures(map) {
  const { box } = map;
  const point = ({ clientX, clientY }) => {
    const { left, top } = box.getBoundingClientRect();
    return { x: clientX - left - box.clientLeft, y: clientY - top - box.clientTop };
  };
  wheel(map, point);
  pinch(map, point);
  drag(map);
  box.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch" && event.buttons === 0) map.card.show(map.hit(event));
  });
  box.addEventListener("pointerleave", () => map.card.hide());
  box.addEventListener("focusin", ({ target }) => {
    if (target.dataset?.seat && target.matches(":focus-visible")) map.card.show({ seat: Number(target.dataset.seat) });
  });
  box.addEventListener("focusout", () => map.card.hide());
}

// wheel zooms, and lets the page scroll when the whole hall is visible.
function wheel(map, point) {
  map.box.addEventListener("wheel", (event) => {
    const by = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 30 : 1) * (event.ctrlKey ? .01 : .002));
    if (event.shiftKey || event.deltaY === 0) return; // sideways
    if (by < 1 && map.whole && !event.ctrlKey) return;
    event.preventDefault();
    map.zoomTo(map.cell * Math.min(Math.max(by, .5), 2), undefined, point(event));
  }, { passive: false });
}

function pinch(map, point) {
  let start = null;
  const spread = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  const middle = ([a, b]) => point({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
  const begin = (event) => {
    if (event.touches.length !== 2) return start = null;
    event.preventDefault();
    start = { apart: spread(event.touches), cell: map.cell, place: map.place(middle(event.touches)) };
  };
  map.box.addEventListener("touchstart", begin, { passive: false });
  map.box.addEventListener("touchmove", (event) => {
    if (!start || event.touches.length !== 2) return;
    event.preventDefault();
    map.zoomTo(start.cell * spread(event.touches) / start.apart, start.place, middle(event.touches));
  }, { passive: false });
  for (const name of ["touchend", "touchcancel"]) map.box.addEventListener(name, begin, { passive: false });
}

function drag({ box }) {
  let from = null, moved = false;
  box.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.pointerType !== "touch" && event.button === 0) from = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop };
  });
  const move = (event) => {
    if (!from) return;
    if (event.buttons === 0) return from = null;
    const x = event.clientX - from.x, y = event.clientY - from.y;
    if (!moved && Math.hypot(x, y) < slack) return;
    moved = true;
    box.dataset.dragged = "";
    box.scrollTo(from.left - x, from.top - y);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", () => { from = null; delete box.dataset.dragged; });
  box.addEventListener("click", (event) => { // the end of a drag is not a click
    if (moved) event.stopImmediatePropagation();
    moved = false;
  }, true);
}
