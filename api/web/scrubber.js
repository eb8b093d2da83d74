// The controls of a Timeline: a slider, steps, playback, and the moment in words and in the page's
// address. The view shows the entity: draw() is called at each moment, settle() once the moment has
// not changed for a while.

import { $, announce, showMessage } from "./page.js";
import { count, when } from "./kinds.js";

const beat = 50, pace = 200; // milliseconds between two checks of the clock, and between two changes

export class Scrubber {
  // timeline has been filled; settled is called as view.settle is.
  constructor(timeline, view, settled) {
    Object.assign(this, { timeline, view, settled, timer: 0, settling: 0 });
    this.slider = $("#slider");
    this.slider.addEventListener("input", () => { this.pause(); this.show(Number(this.slider.value)); });
    this.actions = {
      first: () => this.step(0), previous: () => this.step(timeline.index - 1), next: () => this.step(timeline.index + 1), last: () => this.step(timeline.last),
      play: () => this.timer ? this.pause() : this.play(),
      later: () => this.move("later"),
      begin: () => this.move("again"),
    };
  }

  // seek goes to the moment of an address, a position or a time; "" is the end.
  async seek(at) {
    const position = /^\d+$/.test(at), time = Date.parse(at);
    this.pause();
    if (at && !position && Number.isNaN(time)) {
      this.#say("bad", "The moment in the address is neither a position nor a time.");
      return this.show(this.timeline.last);
    }
    this.#say("", "");
    const find = () => at === "" ? this.timeline.last : position ? this.timeline.at(Number(at)) : this.timeline.on(time);
    let index = find();
    if (index < 0 && !this.timeline.begins) {
      if (!await this.move("again")) return;
      index = find();
    }
    while (at && index === this.timeline.last && this.timeline.positions[index] !== Number(at) && !this.timeline.ended) {
      if (!await this.move("later")) return;
      index = find();
    }
    if (index < 0) this.#say("warn", "It did not exist yet at that moment; this is how it began.");
    this.show(index);
  }

  #say(tone, text) { showMessage($("#past-message"), tone, text); }

  // move reads another window: the next one, or the first one again. It returns false if
  // that fails.
  async move(which) {
    let done = false;
    this.pause();
    try {
      await this.timeline[which]((n) => this.#say("", `Reading: ${count(n)} changes…`));
      this.#say("", "");
      done = true;
    } catch (error) {
      this.#say("bad", error.message);
    }
    this.show(this.timeline.index);
    return done;
  }

  step(index) {
    this.pause();
    this.show(index);
    announce(this, this.words());
  }

  // words returns the text of the slider: the moment, and the state.
  words() {
    const { timeline } = this, state = Object.entries(timeline.state()).map(([name, n]) => `${count(n)} ${name}`);
    return `${when(timeline.times[timeline.index])}: ${state.join(", ")}`;
  }

  // show goes to a change, or the nearest that was read, and draws it.
  show(wanted) {
    const { timeline, slider } = this, index = Math.min(Math.max(wanted, 0), timeline.last);
    if (index < 0) return;
    timeline.go(index);
    slider.max = timeline.last;
    slider.value = index;
    slider.setAttribute("aria-valuetext", this.words());
    $("#moment").textContent = when(timeline.times[index]);
    $("#moment").dateTime = new Date(timeline.times[index]).toISOString();
    $("#place").textContent = `position ${count(timeline.positions[index])} of the log, change ${count(index + 1)} of ${count(timeline.length)}${timeline.begins && timeline.ended ? "" : " read here"}`;
    $("#change").textContent = timeline.changed() || (timeline.begins ? "put on sale" : "as earlier changes left it");
    $("#windows").hidden = timeline.begins && timeline.ended;
    $('[data-action="later"]').hidden = timeline.ended;
    $('[data-action="begin"]').hidden = timeline.begins;
    counts(timeline.state());
    this.view.draw();
    this.settling ||= setTimeout(() => { this.settling = 0; this.#settle(); }, 250);
  }

  // #settle writes the moment into the address. Browsers limit how often a page may do that.
  #settle() {
    const { timeline } = this;
    history.replaceState(null, "", `${location.search}#at=${timeline.positions[timeline.index]}`);
    this.view.settle(timeline.positions[timeline.index]);
    this.settled(timeline.positions[timeline.index]);
  }

  // ---- Playing

  play() {
    const { timeline } = this;
    if (timeline.index === timeline.last) this.show(0);
    const speed = Number($("#speed").value), began = performance.now(), from = timeline.times[timeline.index], index = timeline.index;
    const tick = () => {
      const passed = performance.now() - began, time = from + passed * speed;
      const to = speed === 0 ? index + Math.floor(passed / pace) : Math.max(index, timeline.on(time));
      if (to > timeline.index) this.show(to);
      $("#clock").hidden = speed === 0;
      $("#clock").textContent = speed === 0 ? "" : `The clock is at ${when(Math.min(time, timeline.times[timeline.last]))}.`;
      if (timeline.index < timeline.last) this.timer = setTimeout(tick, beat);
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

function counts(state) {
  $("#counts").replaceChildren(...Object.entries(state).map(([name, n]) => {
    const item = document.createElement("li"), figure = document.createElement("strong");
    figure.textContent = count(n);
    item.dataset.count = name;
    item.append(figure, ` ${name}`);
    return item;
  }));
}
