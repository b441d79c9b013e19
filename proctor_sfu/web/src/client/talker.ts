// A proctor's voice: recorded and published when it is first needed, and addressed to one candidate or to all only
// while the proctor speaks. Whatever happens on the way, a voice that is not wanted is silent here and addressed nowhere.

import { Serial } from "../lib/serial";
import { openMicrophone } from "./devices";
import { DisconnectedError } from "./errors";
import type { Ask } from "./media";
import type { Publisher } from "./publisher";

/** A candidate's id, or everybody. */
export type Addressee = { readonly peerId: string } | "all";

export class Talker {
  readonly #serial = new Serial();
  #track: MediaStreamTrack | null = null;
  #wanted: Addressee | null = null;
  #told: Addressee | null = null;
  /** The connection was lost over telling: the server may have heard what this page believes not to be so. */
  #unsure = false;

  /** `changed`: who hears the proctor now; `failed`: why nobody does. */
  constructor(
    private readonly ask: Ask,
    private readonly publisher: Pick<Publisher, "set">,
    private readonly changed: (to: Addressee | null, track: MediaStreamTrack | null) => void,
    private readonly failed: (error: unknown) => void,
    private readonly open: () => Promise<MediaStreamTrack> = openMicrophone,
  ) {}

  /** Speaks to somebody, null: to nobody. */
  address(to: Addressee | null): void {
    this.#wanted = to;
    if (to === null && this.#track !== null) this.#track.enabled = false;
    void this.#serial.run(() => this.#settle());
  }

  /** The server has forgotten: the connection is a new one. */
  reset(): void {
    this.#told = null;
    this.#unsure = false;
    this.address(null);
  }

  /** The connection is back, and the stay is the same. */
  resumed(): void {
    if (this.#unsure) void this.#serial.run(() => this.#hush());
  }

  /** Has nobody spoken to, whatever the server believes. */
  async #hush(): Promise<void> {
    if (!this.#unsure) return;
    try {
      await this.ask("whisper", { peerId: null });
      this.#unsure = false;
    } catch (error) {
      if (!(error instanceof DisconnectedError)) throw error;
    }
  }

  async #settle(): Promise<void> {
    try {
      const wanted = this.#wanted;
      if (wanted === this.#told) return this.changed(wanted, this.#track);
      if (wanted !== null) await this.#record();
      if (this.#told !== null && (wanted === null || kind(wanted) !== kind(this.#told)))
        await this.#tell(this.#told, false);
      this.#told = null;
      if (wanted !== null && wanted === this.#wanted) {
        await this.#tell(wanted, true);
        this.#told = wanted;
        this.#unsure = false;
      }
      if (this.#track !== null) this.#track.enabled = this.#told !== null && this.#told === this.#wanted;
      this.changed(this.#told, this.#track);
    } catch (error) {
      this.#wanted = null;
      this.#told = null;
      this.#unsure ||= error instanceof DisconnectedError;
      if (this.#track !== null) this.#track.enabled = false;
      this.changed(null, this.#track);
      this.failed(error);
    }
  }

  async #record(): Promise<void> {
    if (this.#track?.readyState !== "live") {
      this.#track = await this.open();
      this.#track.enabled = false;
    }
    await this.publisher.set("voice", this.#track);
  }

  async #tell(to: Addressee, on: boolean): Promise<void> {
    if (to === "all") await this.ask("announce", { on });
    else await this.ask("whisper", { peerId: on ? to.peerId : null });
  }
}

function kind(to: Addressee): string {
  return to === "all" ? "announce" : "whisper";
}
