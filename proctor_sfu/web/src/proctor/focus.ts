// One candidate in full: camera and screen as large as they fit, its sound, and what a proctor can do about it.

import type { Consumers } from "../client/consumers";
import { receivedLevel } from "../client/levels";
import { Needle } from "../lib/level";
import type { Source } from "../lib/protocol";
import type { Candidate } from "../lib/roster";
import type { Spot } from "../lib/views";
import { lightOf } from "../lib/wall";
import { strings } from "../strings";
import { attribute, fill, h, play, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { Meter } from "../ui/meter";
import { Picture } from "./picture";
import { inWords, reasonsOf } from "./tile";

export interface FocusActions {
  close(): void;
  listen(): void;
  message(): void;
  bookmark(): void;
  /** For a lead: takes the candidate out. */
  dismiss(): void;
  /** For a lead: pauses a source, or lets it go on. */
  pause(source: Source, paused: boolean): void;
  /** What is in sight, or its size, changed. */
  moved(): void;
}

const PICTURES = ["screen", "camera"] as const;

export class FocusView {
  readonly #light = h("span", { class: "light" });
  readonly #name = h("bdi");
  readonly #id = h("span", { class: "muted" });
  readonly #state = h("span", { class: "focus-state" });
  readonly #hand = h("span", { class: "tag tag-strong", hidden: true }, [icon("hand"), strings.wall.handUp]);
  readonly #pictures = h("div", { class: "focus-pictures" });
  readonly #blank = h("p", { class: "focus-blank" });
  readonly #facts = h("ul", { class: "focus-facts", "aria-label": strings.focus.facts });
  readonly #shown = new Map<Source, Picture>();
  readonly #player = h("audio", { hidden: true });
  readonly #listen: HTMLButtonElement;
  readonly #meter = new Meter();
  readonly #needle = new Needle();
  readonly #talking: HTMLElement;
  readonly element: HTMLElement;
  #candidate: Candidate | null = null;
  #listening = true;
  #described = "";

  /** `whisper`: the button to speak; observers have none, nor any other of those that act on the candidate. */
  constructor(
    private readonly consumers: Consumers,
    whisper: HTMLButtonElement,
    mayAct: boolean,
    private readonly leads: boolean,
    private readonly actions: FocusActions,
  ) {
    const texts = strings.focus;
    this.#listen = action("speak", texts.listen, "L", () => actions.listen());
    this.#talking = h("div", { class: "focus-actions" }, [
      mayAct && whisper,
      h("span", { class: "focus-sound" }, [this.#listen, this.#meter.element]),
      mayAct && action("message", texts.message, "M", () => actions.message()),
      mayAct && action("bookmark", texts.bookmark, "B", () => actions.bookmark()),
      leads &&
        h("button", { class: "button button-danger", type: "button" }, texts.dismiss, {
          click: () => actions.dismiss(),
        }),
    ]);
    const close = h(
      "button",
      { class: "button button-quiet", type: "button" },
      [icon("close"), texts.close, key("Esc")],
      {
        click: () => actions.close(),
      },
    );
    this.element = h("section", { class: "focus", hidden: true, "aria-labelledby": "focus-name" }, [
      h("header", { class: "focus-head" }, [
        this.#light,
        h("h2", { id: "focus-name", tabindex: -1 }, [this.#name]),
        this.#id,
        this.#state,
        this.#hand,
        close,
      ]),
      this.#pictures,
      this.#talking,
      this.#player,
    ]);
    new ResizeObserver(() => actions.moved()).observe(this.#pictures);
  }

  get id(): string | null {
    return this.#candidate?.id ?? null;
  }

  /** Whether the candidate is heard. */
  get listening(): boolean {
    return this.#listening && this.#candidate !== null;
  }

  /** Shows a candidate, null: nobody. */
  update(candidate: Candidate | null): void {
    const another = candidate?.id !== this.#candidate?.id;
    this.#candidate = candidate;
    this.element.hidden = candidate === null;
    if (another) this.#clear();
    if (candidate === null) return;
    const light = lightOf(candidate);
    attribute(this.#light, "data-light", light);
    say(this.#name, candidate.name);
    say(this.#id, candidate.id === candidate.name ? "" : candidate.id);
    say(this.#state, reasonsOf(candidate) || strings.state[candidate.state]);
    attribute(this.#state, "data-light", light);
    this.#hand.hidden = candidate.hand === null;
    this.#arrange(candidate);
    for (const [source, picture] of this.#shown) picture.setPaused(candidate.paused.has(source));
    this.#describe(candidate);
    attribute(this.#listen, "aria-pressed", String(this.#listening));
  }

  setListening(listening: boolean): void {
    this.#listening = listening;
    attribute(this.#listen, "aria-pressed", String(listening));
    this.attach();
  }

  /** Takes the tracks of the moment. */
  attach(): void {
    const id = this.id;
    for (const [source, picture] of this.#shown) {
      picture.show(id === null ? null : (this.consumers.get(id, source)?.track ?? null));
    }
    const sound = id === null ? undefined : this.consumers.get(id, "microphone");
    play(this.#player, sound?.track ?? null);
    // Played without a sound when nobody listens: browsers tell the level only of what is played.
    this.#player.muted = !this.#listening;
    // It fails only when another track takes the place meanwhile: whoever opened the focus has clicked or typed.
    if (sound !== undefined) void this.#player.play().catch(() => undefined);
  }

  spots(): Spot[] {
    const id = this.id;
    if (id === null) return [];
    const sound: Spot = { peerId: id, source: "microphone", width: 0, height: 0, focus: true };
    return [...[...this.#shown].map(([source, picture]) => picture.spot(id, source, true)), sound];
  }

  tick(now: number): void {
    if (this.id !== null)
      this.#meter.show(this.#needle.move(receivedLevel(this.consumers.get(this.id, "microphone")), now));
  }

  look(now: number): void {
    const id = this.id ?? "";
    for (const [source, picture] of this.#shown) picture.look(now, this.consumers.flow(id, source));
  }

  #arrange(candidate: Candidate): void {
    const sources = PICTURES.filter((source) => candidate.sources.has(source));
    if (sources.join() === [...this.#shown.keys()].join() && this.#pictures.childElementCount > 0) return;
    this.#shown.clear();
    for (const source of sources) this.#shown.set(source, new Picture(source, true));
    const figures = [...this.#shown].map(([source, picture]) =>
      h("figure", { class: `focus-figure focus-${source}` }, [
        picture.element,
        h("figcaption", { class: "unseen" }, strings.focus.picture(source, candidate.name)),
      ]),
    );
    say(this.#blank, strings.wall.nothing(candidate, "both"));
    fill(this.#pictures, figures.length > 0 ? [...figures, this.#facts] : [this.#blank]);
    attribute(this.#pictures, "data-count", figures.length);
    this.attach();
    this.actions.moved();
  }

  #describe(candidate: Candidate): void {
    // Drawn anew only when it changed, so that a button keeps the keyboard.
    const facts = JSON.stringify([[...candidate.sources], [...candidate.paused], candidate.reasons]);
    if (facts === this.#described) return;
    this.#described = facts;
    const sources = (["camera", "screen", "microphone"] as const).map((source) => {
      const missing = !candidate.sources.has(source);
      const paused = candidate.paused.has(source);
      const text = strings.focus.source(source, missing, paused);
      return h("li", { "data-missing": missing }, [
        icon(source),
        text,
        this.leads && !missing && this.#pause(source, paused),
      ]);
    });
    const reasons = candidate.reasons.map((reason) => h("li", {}, [icon("warning"), inWords(reason)]));
    fill(this.#facts, [...sources, ...reasons]);
  }

  #pause(source: Source, paused: boolean): HTMLButtonElement {
    const label = paused ? strings.focus.goOn(source) : strings.focus.pause(source);
    return h("button", { class: "button", type: "button" }, label, {
      click: () => this.actions.pause(source, !paused),
    });
  }

  #clear(): void {
    this.#shown.clear();
    this.#pictures.replaceChildren();
    this.attach();
  }
}

function action(name: Parameters<typeof icon>[0], label: string, shortcut: string, act: () => void): HTMLButtonElement {
  return h("button", { class: "button", type: "button" }, [icon(name), label, key(shortcut)], { click: act });
}

/** The key that does the same, for the eye only: the help lists them all. */
export function key(label: string): HTMLElement {
  return h("kbd", { "aria-hidden": "true" }, label);
}
