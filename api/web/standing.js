// Standing places: a line per area beside the map, with a stepper for each price.

import { $, amount, children, field } from "./page.js";

// Standing shows the areas of a plan. It calls step(area, index of the price type, by) for each press.
export class Standing {
  constructor(plan, choice, step) {
    Object.assign(this, { plan, choice, step, left: new Map() });
    for (const area of plan.areas) {
      const element = this.#element(area);
      this.left.set(area, Number(field(element, "remaining").textContent));
      field(element, "name").textContent = area.label.text;
      element.addEventListener("click", ({ target }) => {
        const button = target.closest("[data-step]");
        if (button && button.ariaDisabled !== "true") step(area, Number(button.dataset.type), Number(button.dataset.step));
      });
    }
  }

  #element({ id }) { return [...document.querySelectorAll(".area")].find((element) => element.dataset.area === id); }

  // focus moves the focus to an area that was chosen on the map.
  focus(area) {
    const element = this.#element(area);
    element.scrollIntoView({ block: "nearest" });
    $('[data-step="1"]', element).focus();
  }

  // take applies the areas of a frame.
  take(areas) {
    for (const { area: id, remaining } of areas) {
      const area = this.plan.areas.find((area) => area.id === id);
      if (!area) continue;
      this.left.set(area, remaining);
      const element = this.#element(area);
      field(element, "remaining").textContent = remaining;
      element.toggleAttribute("data-out", remaining === 0);
    }
  }

  // gone returns the areas with more chosen places than remaining ones.
  gone() {
    return [...this.choice.places].filter(([area, quantities]) => quantities.reduce((sum, n) => sum + n, 0) > this.left.get(area)).map(([area]) => area);
  }

  show() {
    for (const area of this.plan.areas) {
      const list = $(".steppers", this.#element(area)), types = this.choice.typesOf(area);
      const quantities = this.choice.places.get(area) ?? [], all = quantities.reduce((sum, n) => sum + n, 0);
      children(list, types.map(({ type = "", amount: price }, i) => {
        const item = list.children[i] ?? stepper(area, type, i), has = quantities[i] ?? 0;
        $(".price", item).textContent = [type, amount(price)].filter(Boolean).join(" · ");
        if ($("output", item).textContent !== String(has)) $("output", item).textContent = has;
        const [less, more] = item.querySelectorAll("button");
        less.ariaDisabled = has === 0 ? "true" : null;
        more.ariaDisabled = this.choice.full || all >= this.left.get(area) ? "true" : null;
        return item;
      }));
    }
  }
}

function stepper(area, type, number) {
  const item = document.createElement("li"), of = `${area.label.text}${type ? ", " + type : ""}`;
  const button = (words, by, name) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: words, ariaLabel: `${name}: ${of}` });
    Object.assign(made.dataset, { step: by, type: number });
    return made;
  };
  const price = Object.assign(document.createElement("span"), { className: "price" });
  const output = Object.assign(document.createElement("output"), { ariaLabel: `Chosen: ${of}` });
  item.append(price, button("−", -1, "One less"), output, button("+", 1, "One more"));
  return item;
}
