// The form that asks for the best seats left: how many, where, and at which prices.

import { $, children } from "./page.js";

// showBest fills the form with the categories and price types of a plan.
export function showBest(plan) {
  const names = plan.categories.filter(({ name }, i) => name && plan.kinds.includes(i)).map(({ name }) => name);
  if (names.length > 1) for (const name of names) $("#best-category").append(new Option(name));
  for (const element of document.querySelectorAll(".best-category")) element.hidden = names.length < 2;
  $(".best-accessible").hidden = !plan.hasAccessible;
  $("#best-category").addEventListener("change", () => showTypes(plan));
  showTypes(plan);
}

// showTypes shows a field for each price type other than the usual one, the first of its category.
export function showTypes(plan) {
  const list = $("#best-types"), [usual, ...others] = typesIn(plan, $("#best-category").value);
  list.dataset.usual = usual ?? "";
  list.hidden = others.length === 0;
  children(list, others.map((type) => typeField(list, type)));
}

// typesIn returns the price types of a category, or of all categories for "", and none if the categories
// differ in the usual type.
function typesIn(plan, category) {
  const lists = plan.categories.filter(({ name }, i) => plan.kinds.includes(i) && (!category || name === category))
    .map((of) => plan.types(of).map(({ type }) => type)).filter((types) => types.length > 1);
  return new Set(lists.map(([usual]) => usual)).size === 1 ? [...new Set(lists.flat())] : [];
}

function typeField(list, type) {
  const there = [...list.children].find((item) => item.dataset.type === type);
  if (there) return there;
  const item = document.createElement("li"), label = item.appendChild(document.createElement("label"));
  item.dataset.type = type;
  const input = Object.assign(document.createElement("input"), { type: "number", min: "0", max: "50", value: "0", inputMode: "numeric" });
  label.append(`of which ${type} `, input);
  return item;
}

// wanted returns the number of seats in the form, otherTypes the numbers at other price types.
export const wanted = () => Number($("#best-quantity").value);
const otherTypes = () => [...$("#best-types").children].map((item) => [item.dataset.type, Number($("input", item).value)]);

// typesFit returns whether the seats at other prices are at most all seats.
export function typesFit() {
  const quantities = otherTypes().map(([, quantity]) => quantity);
  return quantities.every((n) => Number.isInteger(n) && n >= 0) && quantities.reduce((sum, n) => sum + n, 0) <= wanted();
}

// bestRequest returns the body of a booking of the best seats left.
export function bestRequest() {
  const section = $("#best-section").value, category = $("#best-category").value, accessible = $("#best-accessible").checked;
  const types = otherTypes().filter(([, n]) => n > 0), usual = wanted() - types.reduce((sum, [, n]) => sum + n, 0);
  if (types.length > 0 && usual > 0) types.unshift([$("#best-types").dataset.usual, usual]);
  return { best_available: { ...(section ? { section } : {}), ...(category ? { category } : {}), ...(accessible ? { accessible } : {}),
    ...(types.length > 0 ? { price_types: Object.fromEntries(types) } : {}), quantity: wanted() } };
}
