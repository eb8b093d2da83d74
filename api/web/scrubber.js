// Goes through a Reel: a slider, steps, playing, and the moment in words and in the
// page's address. What it shows of a thing is the view's: draw() is called with each
// moment, rest() once one has stayed for a while.

import { $, announce, tell } from "./page.js";
import { count, when } from "./kinds.js";

const beat = 50, pace = 200; // milliseconds between two looks at the clock, and two changes

export class Scrubber {
  // reel is full; view has draw() and rest(); rested is called like rest.
  constructor(reel, view, rested) {
    Object.assign(this, { reel, view, rested, timer: 0, resting: 0 });
    this.slider = $("#slider");
    this.slider.addEventListener("input", () => { this.pause(); this.show(Number(this.slider.value)); });
    this.actions = {
      first: () => this.step(0), previous: () => this.step(reel.index - 1), next: () => this.step(reel.index + 1), last: () => this.step(reel.last),
      play: () => this.timer ? this.pause() : this.play(),
      later: () => this.move("later"),
      begin: () => this.move("again"),
    };
  }

  // seek goes to a moment that an address names: a position or a time; "" is the end.
  async seek(at) {
    const position = /^\d+$/.test(at), time = Date.parse(at);
    this.pause();
    if (at && !position && Number.isNaN(time)) {
      this.#say("bad", "The moment in the address is neither a position nor a time.");
      return this.show(this.reel.last);
    }
    this.#say("", "");
    const find = () => at === "" ? this.reel.last : position ? this.reel.at(Number(at)) : this.reel.on(time);
    let index = find();
    if (index < 0 && !this.reel.begins) {
      if (!await this.move("again")) return;
      index = find();
    }
    while (at && index === this.reel.last && this.reel.positions[index] !== Number(at) && !this.reel.ended) {
      if (!await this.move("later")) return;
      index = find();
    }
    if (index < 0) this.#say("warn", "It did not exist yet at that moment; this is how it began.");
    this.show(index);
  }

  #say(tone, text) { tell($("#past-message"), tone, text); }

  // move reads another window: the one behind this, or the first one again. It returns
  // false if that can't be had.
  async move(which) {
    let done = false;
    this.pause();
    try {
      await this.reel[which]((n) => this.#say("", `Reading: ${count(n)} changes…`));
      this.#say("", "");
      done = true;
    } catch (error) {
      this.#say("bad", error.message);
    }
    this.show(this.reel.index);
    return done;
  }

  step(index) {
    this.pause();
    this.show(index);
    announce(this, this.words());
  }

  // words are what the slider says: the moment, and how things stood.
  words() {
    const { reel } = this, stood = Object.entries(reel.stood()).map(([name, n]) => `${count(n)} ${name}`);
    return `${when(reel.times[reel.index])}: ${stood.join(", ")}`;
  }

  // show goes to a change, as far as it has been read, and draws everything about it.
  show(wanted) {
    const { reel, slider } = this, index = Math.min(Math.max(wanted, 0), reel.last);
    if (index < 0) return;
    reel.go(index);
    slider.max = reel.last;
    slider.value = index;
    slider.setAttribute("aria-valuetext", this.words());
    $("#moment").textContent = when(reel.times[index]);
    $("#moment").dateTime = new Date(reel.times[index]).toISOString();
    $("#place").textContent = `position ${count(reel.positions[index])} of the log, change ${count(index + 1)} of ${count(reel.length)}${reel.begins && reel.ended ? "" : " that are read here"}`;
    $("#change").textContent = reel.changed() || (reel.begins ? "put on sale" : "as the changes before have left it");
    $("#windows").hidden = reel.begins && reel.ended;
    $('[data-action="later"]').hidden = reel.ended;
    $('[data-action="begin"]').hidden = reel.begins;
    counts(reel.stood());
    this.view.draw();
    this.resting ||= setTimeout(() => { this.resting = 0; this.#rest(); }, 250);
  }

  // #rest writes the moment into the address. Browsers let a page do that now and then.
  #rest() {
    const { reel } = this;
    history.replaceState(null, "", `${location.search}#at=${reel.positions[reel.index]}`);
    this.view.rest(reel.positions[reel.index]);
    this.rested(reel.positions[reel.index]);
  }

  // ---- Playing

  play() {
    const { reel } = this;
    if (reel.index === reel.last) this.show(0);
    const speed = Number($("#speed").value), began = performance.now(), from = reel.times[reel.index], index = reel.index;
    const tick = () => {
      const passed = performance.now() - began, time = from + passed * speed;
      const to = speed === 0 ? index + Math.floor(passed / pace) : Math.max(index, reel.on(time));
      if (to > reel.index) this.show(to);
      $("#clock").hidden = speed === 0;
      $("#clock").textContent = speed === 0 ? "" : `The clock is at ${when(Math.min(time, reel.times[reel.last]))}.`;
      if (reel.index < reel.last) this.timer = setTimeout(tick, beat);
      else this.pause();
    };
    $('[data-action="play"]').textContent = "Pause";
    this.timer = setTimeout(tick, beat);
  }

  pause() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    $("#clock").hidden = true;
    $('[data-action="play"]').textContent = "Play";
    announce(this, this.words());
  }
}

function counts(stood) {
  $("#counts").replaceChildren(...Object.entries(stood).map(([name, n]) => {
    const item = document.createElement("li"), figure = document.createElement("strong");
    figure.textContent = count(n);
    item.dataset.count = name;
    item.append(figure, ` ${name}`);
    return item;
  }));
}
