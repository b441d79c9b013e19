// A level meter: a bar for the eye; for everybody else its owner says in words what it shows.

import { h } from "./dom";

export class Meter {
  readonly #bar = h("span", { class: "meter-bar" });
  readonly element = h("span", { class: "meter", "aria-hidden": "true" }, [this.#bar]);
  #shown = -1;

  /** Lights a part of it, 0 to 1. */
  show(part: number): void {
    const rounded = Math.round(part * 40) / 40;
    if (rounded === this.#shown) return;
    this.#shown = rounded;
    this.#bar.style.transform = `scaleX(${rounded})`;
    this.element.classList.toggle("meter-hot", rounded > 0.92);
  }
}
