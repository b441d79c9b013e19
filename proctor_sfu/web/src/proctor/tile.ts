// One candidate on the wall: a picture, a light with its reason, a name, a level. The whole tile is one button.

import type { Consumers } from "../client/consumers";
import { receivedLevel } from "../client/levels";
import { Needle } from "../lib/level";
import type { Source } from "../lib/protocol";
import type { Candidate } from "../lib/roster";
import { type Spot, shown } from "../lib/views";
import { lightOf } from "../lib/wall";
import { strings } from "../strings";
import { attribute, h, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { Meter } from "../ui/meter";
import { Picture } from "./picture";

export type WallSources = "camera" | "screen" | "both";

export class Tile {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  /** Whether it is in sight, not scrolled away. */
  visible = false;
  readonly #pictures = new Map<Source, Picture>();
  readonly #frame = h("span", { class: "tile-frame" });
  readonly #blank = h("span", { class: "tile-blank" });
  readonly #reason = h("span", { class: "tile-reason" });
  readonly #hand = h("span", { class: "tile-hand", hidden: true }, [
    icon("hand"),
    h("span", { class: "unseen" }, strings.wall.handUp),
  ]);
  readonly #light = h("span", { class: "light" });
  readonly #name = h("bdi", { class: "tile-name" });
  readonly #word = h("span", { class: "unseen" });
  readonly #meter = new Meter();
  readonly #needle = new Needle();
  #candidate: Candidate;
  #sources: readonly Source[] = [];

  constructor(
    candidate: Candidate,
    private readonly consumers: Consumers,
    open: (id: string) => void,
  ) {
    this.#candidate = candidate;
    this.#frame.append(this.#blank, this.#reason, this.#hand);
    const foot = h("span", { class: "tile-foot" }, [this.#light, this.#name, this.#word, this.#meter.element]);
    this.button = h("button", { class: "tile", type: "button", tabindex: -1 }, [foot, this.#frame], {
      click: () => open(candidate.id),
    });
    this.element = h("li", { class: "tile-place", "data-peer": candidate.id }, [this.button]);
  }

  get id(): string {
    return this.#candidate.id;
  }

  /** Shows what is known of the candidate. */
  update(candidate: Candidate, wanted: WallSources, focused: boolean): void {
    this.#candidate = candidate;
    const light = lightOf(candidate);
    const reasons = reasonsOf(candidate);
    attribute(this.button, "data-light", light);
    attribute(this.button, "aria-current", focused ? "true" : null);
    attribute(this.#light, "data-light", light);
    say(this.#name, candidate.name);
    say(this.#word, strings.light[light]);
    say(this.#reason, light === "green" || light === "grey" ? "" : reasons);
    this.#hand.hidden = candidate.hand === null;
    attribute(this.#meter.element, "hidden", !candidate.sources.has("microphone"));
    this.#arrange(shown(candidate, wanted));
    for (const [source, picture] of this.#pictures) picture.setPaused(candidate.paused.has(source));
    say(this.#blank, this.#sources.length > 0 ? "" : strings.wall.nothing(candidate, wanted));
  }

  /** Takes the tracks of the moment. */
  attach(): void {
    for (const [source, picture] of this.#pictures) {
      picture.show(this.consumers.get(this.id, source)?.track ?? null);
    }
  }

  /** The places in it for which the server is asked to send. */
  spots(): Spot[] {
    if (!this.visible) return [];
    const sound: Spot = { peerId: this.id, source: "microphone", width: 0, height: 0, focus: false };
    const pictures = [...this.#pictures].map(([source, picture]) => picture.spot(this.id, source, false));
    return [...pictures, sound];
  }

  /** Moves the meter; called several times a second. */
  tick(now: number): void {
    this.#meter.show(this.#needle.move(receivedLevel(this.consumers.get(this.id, "microphone")), now));
  }

  /** Looks whether pictures still come; called once a second. */
  look(now: number): void {
    for (const [source, picture] of this.#pictures) picture.look(now, this.consumers.flow(this.id, source));
  }

  #arrange(sources: readonly Source[]): void {
    if (sources.join() === this.#sources.join()) return;
    this.#sources = sources;
    for (const [source, picture] of [...this.#pictures]) {
      if (sources.includes(source)) continue;
      picture.element.remove();
      this.#pictures.delete(source);
    }
    sources.forEach((source, index) => {
      const picture = this.#pictures.get(source) ?? new Picture(source);
      attribute(picture.element, "data-inset", index > 0);
      this.#pictures.set(source, picture);
      this.#frame.insertBefore(picture.element, this.#reason);
    });
    this.attach();
  }
}

/** Returns in words why a candidate's light is not green, or where it is. */
export function reasonsOf(candidate: Candidate): string {
  if (candidate.reasons.length > 0) return candidate.reasons.map(inWords).join(", ");
  return candidate.state === "live" ? "" : strings.state[candidate.state];
}

/** Returns what the server found, given by its code, in words. */
export function inWords(reason: string): string {
  return strings.reasons[reason] ?? reason;
}
