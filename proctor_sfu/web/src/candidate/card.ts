// One source of the candidate: its picture or level, what is the matter with it, and what can be done about it.

import { type Choice, canShareScreen, choices } from "../client/devices";
import { Ear } from "../client/levels";
import { Needle } from "../lib/level";
import { strings } from "../strings";
import { attribute, fill, h, play, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { Meter } from "../ui/meter";
import type { Capture, Captured, OwnSource } from "./capture";

/** The part of the meter from which on somebody is speaking. */
const VOICE = 0.45;

export class SourceCard {
  readonly element: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #meter = new Meter();
  readonly #needle = new Needle();
  readonly #status = h("p", { class: "card-status", role: "status" });
  readonly #button: HTMLButtonElement;
  readonly #select: HTMLSelectElement;
  readonly #chooser: HTMLElement;
  #ear: Ear | null = null;
  #heard = false;
  #track: MediaStreamTrack | null = null;

  constructor(
    readonly source: OwnSource,
    private readonly capture: Capture,
    required: boolean,
  ) {
    const label = strings.sources[source];
    this.#video = h("video", {
      class: `card-video card-video-${source}`,
      muted: true,
      autoplay: true,
      playsinline: true,
    });
    this.#video.muted = true;
    this.#video.ariaLabel = strings.device.preview(source);
    this.#select = h("select", { class: "select" }, [], {
      change: () => void capture.start(source, this.#select.value),
    });
    this.#select.ariaLabel = strings.device.choose(source);
    this.#chooser = h("div", { class: "card-chooser" }, [this.#select]);
    this.#button = h("button", { class: "button", type: "button" }, [], {
      click: () => void capture.start(source, capture.get(source).deviceId),
    });
    const need = required ? strings.check.required : strings.check.optional;
    this.element = h("section", { class: `card card-${source}`, "aria-label": label, "data-source": source }, [
      h("header", { class: "card-head" }, [
        icon(source),
        h("h3", {}, label),
        h("span", { class: required ? "tag tag-strong" : "tag" }, need),
      ]),
      source === "microphone" ? h("div", { class: "card-level" }, [this.#meter.element]) : this.#frame(),
      this.#status,
      h("div", { class: "card-actions" }, [source === "screen" ? null : this.#chooser, this.#button]),
    ]);
  }

  /** Shows what is known of the source now. */
  update(): void {
    const captured = this.capture.get(this.source);
    this.#show(captured.track);
    this.element.dataset.status = captured.status;
    say(this.#status, this.#words(captured));
    const label = this.#action(captured);
    this.#button.hidden = label === null;
    if (label !== null) say(this.#button, label);
    this.#button.disabled = captured.status === "asking";
    this.#button.classList.toggle("button-primary", captured.status !== "on" && captured.status !== "asking");
    this.#chooser.hidden = captured.track === null;
    if (captured.status === "on") void this.#list(captured.deviceId);
  }

  /** Moves the meter; called several times a second. */
  tick(now: number): void {
    if (this.#ear === null) return;
    const part = this.#needle.move(this.#ear.level(), now);
    this.#meter.show(part);
    if (part > VOICE && !this.#heard) {
      this.#heard = true;
      this.update();
    }
  }

  close(): void {
    this.#ear?.close();
    this.#ear = null;
  }

  #frame(): HTMLElement {
    return h("div", { class: "card-frame" }, [this.#video, h("div", { class: "card-blank" }, [icon(this.source)])]);
  }

  #show(track: MediaStreamTrack | null): void {
    if (track === this.#track) return;
    this.#track = track;
    if (this.source === "microphone") {
      this.#ear?.close();
      this.#ear = track === null ? null : new Ear(track);
      this.#heard = false;
      this.#meter.show(0);
    } else {
      play(this.#video, track);
    }
    attribute(this.element, "data-live", track !== null);
  }

  #words({ status, trouble, partial, held }: Captured): string {
    const texts = strings.device;
    if (held) return texts.held;
    if (trouble !== null) return texts.trouble(this.source, trouble);
    switch (status) {
      case "on":
        if (this.source === "microphone" && !this.#heard) return texts.quiet;
        return partial ? texts.partial : texts.on[this.source];
      case "off":
        return this.source === "screen" && !canShareScreen() ? texts.noScreenHere : texts.off[this.source];
      case "failed":
        return texts.off[this.source];
      case "refused":
        return texts.refused;
      default:
        return texts[status][this.source];
    }
  }

  /** The label of the button, null: there is nothing to press. */
  #action({ status, partial }: Captured): string | null {
    const texts = strings.device;
    if (this.source === "screen") {
      if (!canShareScreen() || status === "refused") return null;
      if (status === "lost") return texts.shareAgain;
      return status === "on" ? (partial ? texts.otherScreen : null) : texts.shareScreen;
    }
    if (status === "lost") return texts.restore(this.source);
    return status === "failed" ? texts.retry : null;
  }

  async #list(deviceId: string | undefined): Promise<void> {
    if (this.source === "screen") return;
    const found = await choices(this.source === "camera" ? "videoinput" : "audioinput");
    const options = found.map((each, index) => option(each, strings.device.unnamed(this.source, index + 1)));
    const known = [...this.#select.options].map(({ value, text }) => value + text).join();
    if (options.map(({ value, text }) => value + text).join() !== known) fill(this.#select, options);
    if (deviceId !== undefined) this.#select.value = deviceId;
  }
}

function option({ id, label }: Choice, unnamed: string): HTMLOptionElement {
  return h("option", { value: id }, label || unnamed);
}
