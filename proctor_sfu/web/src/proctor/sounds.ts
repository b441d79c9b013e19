// Plays all microphones of the wall without a sound: browsers tell the level only of what is played.

import { h } from "../ui/dom";

export class Sounds {
  readonly element = h("audio", { hidden: true });
  readonly #stream = new MediaStream();

  constructor() {
    this.element.muted = true;
  }

  /** Takes the tracks of the moment. */
  update(tracks: readonly MediaStreamTrack[]): void {
    const wanted = new Set(tracks);
    for (const track of this.#stream.getTracks()) if (!wanted.has(track)) this.#stream.removeTrack(track);
    for (const track of tracks) this.#stream.addTrack(track);
    // Not before there is one: a page counts as loading as long as a player waits for its first track.
    if (tracks.length > 0) this.element.srcObject ??= this.#stream;
    // What stands in the way of a muted player is only that its tracks change meanwhile, and then it is called again.
    if (this.element.paused && tracks.length > 0) void this.element.play().catch(() => undefined);
  }
}
