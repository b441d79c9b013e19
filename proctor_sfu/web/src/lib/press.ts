// One key for both ways of talking: held down it talks while held, tapped it talks until tapped again.
// Times are arguments, in milliseconds: those at which things happened, not those at which a busy page learns of them.

export const TAP = 350;

export class Press {
  #since: number | null = null;
  #on = false;
  #latched = false;

  get on(): boolean {
    return this.#on;
  }

  /** The key or button goes down; key repeat may call it many times. Returns whether to talk. */
  down(now: number): boolean {
    if (this.#since !== null) return this.#on;
    this.#since = now;
    this.#latched = this.#on;
    this.#on = true;
    return true;
  }

  /** It comes up. Returns whether to go on talking. */
  up(now: number): boolean {
    if (this.#since === null) return this.#on;
    const tapped = now - this.#since < TAP;
    this.#since = null;
    this.#on = tapped && !this.#latched;
    return this.#on;
  }

  /** Ends it whatever the key does, as when the page loses the keyboard. */
  stop(): void {
    this.#since = null;
    this.#on = false;
  }
}
