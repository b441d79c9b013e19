// One source of a candidate as a picture. A picture that stands still although it should move is marked: the last frame
// of a dead camera looks just like somebody who sits quietly.

import type { Flow } from "../lib/flow";
import type { Source } from "../lib/protocol";
import type { Spot } from "../lib/views";
import { strings } from "../strings";
import { attribute, h, play, say } from "../ui/dom";

/** Milliseconds without a new frame after which a picture counts as standing. A screen may rest longer than a camera. */
const STANDING: Partial<Record<Source, number>> = { camera: 4000, screen: 20_000 };
/** The same for a picture the server holds back. */
const STARVED = 3000;
/** Milliseconds after which a picture that is smaller than it could be says so: layers take a while to change. */
const REDUCED = 5000;

export class Picture {
  readonly video: HTMLVideoElement = h("video", {
    autoplay: true,
    playsinline: true,
    tabindex: -1,
    "aria-hidden": "true",
  });
  readonly #note = h("span", { class: "picture-note" });
  readonly element: HTMLElement;
  #paused = false;
  #frames = 0;
  #since: number | null = null;
  #smallSince: number | null = null;

  /** `inFull`: it is to be sent as large as there is, and says so when it is not. */
  constructor(
    readonly source: Source,
    private readonly inFull = false,
  ) {
    this.video.muted = true;
    this.video.disablePictureInPicture = true;
    this.element = h("span", { class: `picture picture-${source}` }, [this.video, this.#note]);
  }

  /** Shows a track, null: nothing. */
  show(track: MediaStreamTrack | null): void {
    play(this.video, track);
    attribute(this.element, "data-waiting", track === null);
    this.#since = this.#smallSince = null;
    if (!this.#paused) say(this.#note, "");
  }

  /** Nothing is to be expected while its source is paused. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#since = this.#smallSince = null;
    attribute(this.element, "data-reduced", false);
    attribute(this.element, "data-standing", paused);
    say(this.#note, paused ? strings.wall.paused : "");
  }

  /** The place it takes on the page. */
  spot(peerId: string, source: Source, focus: boolean): Spot {
    const { width, height } = this.element.getBoundingClientRect();
    return { peerId, source, width, height, focus };
  }

  /** Looks whether it moves, and how it is sent. */
  look(now: number, flow: Flow | undefined): void {
    if (this.#paused) return;
    const starved = flow?.starved ?? false;
    this.#smallSince = this.inFull && flow?.reduced ? (this.#smallSince ?? now) : null;
    const frames = this.video.getVideoPlaybackQuality().totalVideoFrames;
    if (this.video.srcObject === null || frames !== this.#frames || this.#since === null) this.#since = now;
    this.#frames = frames;
    const standing = now - this.#since;
    const limit = starved ? STARVED : (STANDING[this.source] ?? Number.POSITIVE_INFINITY);
    const stands = this.video.srcObject !== null && standing >= limit;
    attribute(this.element, "data-standing", stands);
    const small = !stands && this.#smallSince !== null && now - this.#smallSince >= REDUCED;
    attribute(this.element, "data-reduced", small);
    const note = starved ? strings.wall.starved : strings.wall.standing(Math.round(standing / 1000));
    say(this.#note, stands ? note : small ? strings.focus.reduced : "");
  }
}
