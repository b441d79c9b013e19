// What the candidate hears: the voices of proctors that are addressed to it, and the test sound.

import { h, play } from "../ui/dom";

const TONES = [660, 880];
const TONE = 0.25;

export class Voices {
  readonly element = h("div", { hidden: true });
  readonly #players = new Map<string, HTMLAudioElement>();
  #sink = "";

  /** `held`: the browser holds sound back until somebody clicks. */
  constructor(private readonly held: (isHeld: boolean) => void) {}

  /** Plays a proctor's voice, null: nothing of it. */
  hear(peerId: string, track: MediaStreamTrack | null): void {
    const player = this.#players.get(peerId) ?? this.#player(peerId);
    play(player, track);
    if (track !== null) void this.#start(player);
  }

  /** Plays what was held back; called by a click. */
  async release(): Promise<void> {
    for (const player of this.#players.values()) if (player.srcObject !== null) await this.#start(player);
  }

  /** Plays on another loudspeaker from now on. */
  async playOn(deviceId: string): Promise<void> {
    this.#sink = deviceId;
    for (const player of this.#players.values()) await this.#route(player);
  }

  /** Plays two short tones where voices will be heard. */
  async test(): Promise<void> {
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    const volume = context.createGain();
    volume.gain.value = 0.2;
    volume.connect(out);
    TONES.forEach((hertz, index) => {
      const tone = context.createOscillator();
      tone.frequency.value = hertz;
      tone.connect(volume);
      tone.start(context.currentTime + index * TONE * 1.4);
      tone.stop(context.currentTime + index * TONE * 1.4 + TONE);
      if (index === TONES.length - 1) tone.onended = () => void context.close();
    });
    const player = h("audio");
    player.srcObject = out.stream;
    await this.#route(player);
    await player.play();
  }

  #player(peerId: string): HTMLAudioElement {
    const player = h("audio");
    this.#players.set(peerId, player);
    this.element.append(player);
    void this.#route(player);
    return player;
  }

  async #start(player: HTMLAudioElement): Promise<void> {
    try {
      await player.play();
      this.held(false);
    } catch (error) {
      // AbortError: another track took its place meanwhile.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.held(true);
    }
  }

  async #route(player: HTMLAudioElement): Promise<void> {
    if (this.#sink !== "" && "setSinkId" in player) await player.setSinkId(this.#sink);
  }
}
