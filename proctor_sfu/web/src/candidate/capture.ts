// The candidate's own sources: opened, chosen, lost and restored. It knows devices, not connections.

import { DeviceError, isPartial, openCamera, openMicrophone, openScreen, type Trouble } from "../client/devices";

export type OwnSource = "camera" | "screen" | "microphone";
export const OWN_SOURCES: readonly OwnSource[] = ["camera", "screen", "microphone"];

export interface Captured {
  /** `silent`: the device is there but gives nothing, as with a switch or a lid; `lost`: it went away. */
  readonly status: "off" | "asking" | "on" | "silent" | "lost" | "failed" | "refused";
  readonly track: MediaStreamTrack | null;
  readonly trouble: Trouble | null;
  /** A screen that is only a window or a tab. */
  readonly partial: boolean;
  /** A lead proctor paused it. */
  readonly held: boolean;
  readonly deviceId: string | undefined;
}

const OFF: Captured = { status: "off", track: null, trouble: null, partial: false, held: false, deviceId: undefined };

export class Capture {
  readonly #sources = new Map<OwnSource, Captured>();
  #ended = false;

  /** `changed`: what is known of a source, perhaps its track, changed. */
  constructor(private readonly changed: (source: OwnSource) => void) {
    navigator.mediaDevices.addEventListener("devicechange", () => void this.#devicesChanged());
  }

  get(source: OwnSource): Captured {
    return this.#sources.get(source) ?? OFF;
  }

  /** Opens a source, or another device for it. What it was stays in use until the new one is there. */
  async start(source: OwnSource, deviceId?: string): Promise<void> {
    const before = this.get(source);
    if (before.status === "asking") return;
    this.#set(source, { ...before, status: "asking", trouble: null });
    try {
      const track = await openers[source](deviceId);
      // People take their time to choose a screen.
      if (this.#ended) return track.stop();
      this.#use(source, track);
      before.track?.stop();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#set(source, { ...this.get(source), status: standing(before), trouble: error.trouble });
    }
  }

  /** The exam does not take a source. */
  refuse(source: OwnSource): void {
    this.#set(source, { ...this.get(source), status: "refused" });
  }

  /** A lead proctor pauses a source, or lets it go on. */
  hold(source: OwnSource, held: boolean): void {
    if (held !== this.get(source).held) this.#set(source, { ...this.get(source), held });
  }

  /** The exam is over: stops all, also what is still being opened. */
  end(): void {
    this.#ended = true;
    for (const { track } of this.#sources.values()) track?.stop();
    this.#sources.clear();
  }

  #use(source: OwnSource, track: MediaStreamTrack): void {
    const turns = (status: Captured["status"], rest: Partial<Captured> = {}) => {
      const now = this.get(source);
      // While another device is asked for, it goes on saying so.
      if (now.track === track)
        this.#set(source, { ...now, ...rest, status: now.status === "asking" ? "asking" : status });
    };
    track.addEventListener("ended", () => turns("lost", { track: null, partial: false }));
    track.addEventListener("mute", () => turns("silent"));
    track.addEventListener("unmute", () => turns("on"));
    this.#set(source, {
      status: "on",
      track,
      trouble: null,
      partial: source === "screen" && isPartial(track),
      held: this.get(source).held,
      deviceId: track.getSettings().deviceId,
    });
  }

  /** A camera or microphone that was lost and is plugged in again comes back without a click. */
  async #devicesChanged(): Promise<void> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    for (const source of ["camera", "microphone"] as const) {
      const { status, deviceId } = this.get(source);
      if (status === "lost" && devices.some((each) => each.deviceId === deviceId)) await this.start(source, deviceId);
    }
  }

  #set(source: OwnSource, captured: Captured): void {
    this.#sources.set(source, captured);
    this.changed(source);
  }
}

/** What a source is again once no other device was found for it. */
function standing({ track, status }: Captured): Captured["status"] {
  if (track?.readyState !== "live") return "failed";
  return status === "on" || status === "silent" ? (track.muted ? "silent" : "on") : status;
}

const openers: Record<OwnSource, (deviceId?: string) => Promise<MediaStreamTrack>> = {
  camera: openCamera,
  microphone: openMicrophone,
  screen: () => openScreen(),
};
