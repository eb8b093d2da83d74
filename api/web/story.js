// The history of an entity or a holder: its lines, page by page, oldest or newest first.

import { command } from "./command.js";
import { $, field, focusLost, showMessage } from "./page.js";
import { entityOf, hasTimeline, pageOf, resourceOf, splitRef, titleOf, when } from "./kinds.js";

const step = 50, maxLines = 5_000; // lines shown with each click, and in memory
const few = 8; // links to other entities that are visible at first

export class Story {
  lines = [];
  cursor = "";
  shown = step;
  order = "oldest";

  // of is the entity or holder: {kind, id}.
  constructor(of) { this.of = of; }

  get ended() { return this.cursor === null || this.lines.length >= maxLines; }

  // first reads pages until one has a line, or the end, and returns whether there is one. progress gets the number of
  // pages read so far: for a holder, the whole log is searched.
  async first(progress) {
    for (let pages = 1; this.lines.length === 0 && !this.ended; pages++) {
      await this.#read();
      if (pages > 1) progress?.(pages);
    }
    return this.lines.length > 0;
  }

  async #read() {
    const { kind, id } = this.of, query = new URLSearchParams({ limit: 500 });
    if (this.cursor) query.set("cursor", this.cursor);
    const page = await command("GET", `/v1/history/${kind}/${encodeURIComponent(id)}?${query}`);
    this.lines.push(...page.items);
    this.cursor = page.next;
  }

  // show shows this.shown lines. For the newest ones it has to read all.
  async show() {
    const say = (text) => showMessage($("#story-message"), "", text);
    const enough = () => this.ended || this.order === "oldest" && this.lines.length >= this.shown;
    while (!enough()) {
      say(`Searching the log: ${this.lines.length} found…`);
      await this.#read();
    }
    const lines = this.order === "oldest" ? this.lines : this.lines.toReversed();
    const list = $("#lines"), now = $("[data-now]", list)?.dataset.position;
    list.replaceChildren(...lines.slice(0, this.shown).map((line) => this.#item(line)));
    if (now) this.now(Number(now));
    $("#more").hidden = this.shown >= lines.length && this.ended;
    say(this.lines.length === 0 ? "Nothing about it has been recorded." : this.cursor !== null && this.ended ? `These are its first ${maxLines} lines; the API and admitone history have the others.` : "");
  }

  // more shows the next lines, and moves the focus to the first of them.
  async more() {
    const seen = $("#lines").childElementCount;
    this.shown += step;
    await this.show();
    $("#lines").children[seen]?.focus();
    if (focusLost()) $("#story-title").focus();
  }

  async sort(order) {
    Object.assign(this, { order, shown: step });
    await this.show();
  }

  // now marks the line of the change at a position, if there is one.
  now(position) {
    for (const item of $("#lines").children) {
      item.toggleAttribute("data-now", Number(item.dataset.position) === position);
    }
  }

  #item(line) {
    const item = $("#line").content.cloneNode(true).firstElementChild, of = entityOf(line.stream);
    const same = this.#same(of) || of.kind === "refusals"; // the sentence of a refusal is complete
    Object.assign(item.dataset, { position: line.position, stream: line.stream });
    field(item, "text").textContent = (same ? "" : titleOf(of) + ": ") + line.text;
    field(item, "time").textContent = when(line.time);
    field(item, "time").dateTime = line.time;
    const cause = line.causation_id === "deadline" ? ", because the time was up" : line.because ? `, because of position ${line.because}` : "";
    field(item, "whence").textContent = `position ${line.position}, asked for by ${line.actor}${cause}, request ${line.request_id}`;
    for (const name of item.querySelectorAll('[data-field="of"]')) name.textContent = `: ${titleOf(of)} at position ${line.position}`;
    relatedLinks(field(item, "leads"), [...same ? [] : [of], ...line.leads_to.map(splitRef)].filter((lead) => !this.#same(lead)), line.position);
    field(item, "moment").hidden = !hasTimeline(of.kind);
    field(item, "moment").href = pageOf(of, line.position);
    $('[data-action="state"]', item).hidden = !resourceOf(of, line.position);
    return item;
  }

  #same({ kind, id }) { return kind === this.of.kind && id === this.of.id; }
}

// relatedLinks links to the other entities that a line names.
function relatedLinks(place, others, position) {
  const links = others.map((of) => Object.assign(document.createElement("a"), { href: pageOf(of, position), textContent: titleOf(of) }));
  if (links.length === 0) return place.remove();
  place.append("Leads to ", ...apart(links.slice(0, few)));
  if (links.length <= few) return;
  const rest = document.createElement("details"), summary = rest.appendChild(document.createElement("summary"));
  summary.textContent = `and ${links.length - few} more`;
  rest.append(...apart(links.slice(few)));
  place.after(rest);
}

const apart = (links) => links.flatMap((link, i) => i === 0 ? [link] : [", ", link]);

// state shows or hides, in a line, the resource as it was then.
export async function state(item) {
  const place = field(item, "state"), { stream, position } = item.dataset;
  if (!place.hidden) {
    place.hidden = true;
    return;
  }
  try {
    const resource = await command("GET", resourceOf(entityOf(stream), position));
    place.replaceChildren(...Object.entries(resource).flatMap(([name, value]) => [
      Object.assign(document.createElement("dt"), { textContent: name.replaceAll("_", " ") }),
      Object.assign(document.createElement("dd"), { textContent: typeof value === "string" ? value : JSON.stringify(value) }),
    ]));
  } catch (error) {
    place.replaceChildren(Object.assign(document.createElement("dd"), { textContent: error.message }));
  }
  place.hidden = false;
}
