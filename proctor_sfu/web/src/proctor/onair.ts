// While the proctor speaks: to whom, how loud, and how to end it. Nothing on this page is more conspicuous.

import { Ear } from "../client/levels";
import { Needle } from "../lib/level";
import { strings } from "../strings";
import { h, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { Meter } from "../ui/meter";

export class OnAir {
  readonly #text = h("strong");
  readonly #meter = new Meter();
  readonly #needle = new Needle();
  readonly element: HTMLElement;
  #ear: Ear | null = null;
  #track: MediaStreamTrack | null = null;

  constructor(stop: () => void) {
    this.element = h("div", { class: "onair", role: "alert", hidden: true }, [
      icon("speak"),
      this.#text,
      this.#meter.element,
      h("button", { class: "button", type: "button" }, strings.talk.stop, { click: stop }),
    ]);
  }

  /** Says who hears the proctor, null: nobody. */
  show(whom: string | null, track: MediaStreamTrack | null): void {
    this.element.hidden = whom === null;
    if (whom !== null) say(this.#text, whom);
    if (track === this.#track) return;
    this.#track = track;
    this.#ear?.close();
    this.#ear = track === null ? null : new Ear(track);
  }

  tick(now: number): void {
    if (!this.element.hidden && this.#ear !== null) this.#meter.show(this.#needle.move(this.#ear.level(), now));
  }
}
