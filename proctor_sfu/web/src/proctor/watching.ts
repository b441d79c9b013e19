// Tells the server what is in sight: the whole list after every change, once things have come to rest.

import { DisconnectedError, isForbidden } from "../client/errors";
import type { Ask } from "../client/media";
import type { Roster } from "../lib/roster";
import { type Spot, same, type View, viewsOf } from "../lib/views";

/** Milliseconds: paging through the room asks for the page one stays at. */
const REST = 80;

export class Watching {
  #told: readonly View[] | null = null;
  #open = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: Ask,
    private readonly now: () => { readonly spots: readonly Spot[]; readonly roster: Roster },
  ) {
    // A page in the background shows nothing.
    document.addEventListener("visibilitychange", () => this.changed());
  }

  /** Something may have changed. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(), REST);
  }

  /** Nothing may be declared before the room is joined, or joined anew. */
  hold(): void {
    this.#open = false;
  }

  /** The room is joined, and the server may have forgotten what it was told. */
  begin(): void {
    this.#open = true;
    this.#told = null;
    this.changed();
  }

  async #tell(): Promise<void> {
    if (!this.#open) return;
    const { spots, roster } = this.now();
    const heard = (spot: Spot) => !document.hidden || (spot.source === "microphone" && spot.focus);
    const views = viewsOf(spots.filter(heard), roster, devicePixelRatio);
    if (this.#told !== null && same(views, this.#told)) return;
    this.#told = views;
    try {
      await this.ask("watch", { views });
    } catch (error) {
      this.#told = null;
      // Whoever joins begins with a list of its own, and who may not watch somebody any more is told so just now.
      if (this.#open && !(error instanceof DisconnectedError || isForbidden(error))) throw error;
    }
  }
}
