// When a media connection is mended and how: ICE is restarted first; if that does not help, the transport is built anew.
// Times are arguments, in milliseconds.

/** "starting" is the first connecting: nothing was there that could be interrupted. */
export type MediaState = "starting" | "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";
export type Remedy = "restart" | "rebuild";

/** How long a remedy gets before the next one is tried. */
export const PATIENCE = 6000;
/** ICE restarts before the transport is given up. */
export const RESTARTS = 2;

export class Recovery {
  #state: MediaState = "new";
  #restarts = 0;
  #due: number | null = null;

  /** The time `next` has to be asked again, null: not before the state changes. */
  get due(): number | null {
    return this.#due;
  }

  /** Takes a new state of the connection. */
  changed(state: MediaState, now: number): void {
    this.#state = state;
    if (state === "connected") {
      this.#restarts = 0;
      this.#due = null;
    } else if (state === "disconnected" || state === "failed") {
      // A remedy under way keeps its time: ICE reports "failed" in the middle of what may still succeed.
      this.#due ??= now;
    } else if (state === "connecting") {
      this.#due ??= now + PATIENCE;
    } else {
      this.#due = null;
    }
  }

  /** Signaling works again after an outage: what was tried in vain meanwhile does not count. */
  reachable(now: number): void {
    this.#restarts = 0;
    if (this.#state !== "connected" && this.#state !== "new" && this.#state !== "closed") this.#due = now;
  }

  /** Returns what to do now, if anything; it then counts as begun. */
  next(now: number): Remedy | null {
    if (this.#due === null || now < this.#due) return null;
    this.#due = now + PATIENCE;
    if (this.#restarts < RESTARTS) {
      this.#restarts += 1;
      return "restart";
    }
    return "rebuild";
  }
}
