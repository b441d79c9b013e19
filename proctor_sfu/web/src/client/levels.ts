// How loud a track is: of one that is recorded here by listening to it, of one that is received by what the browser
// reports of its packets, which costs nothing even for fifty of them.

import type { types as mediasoup } from "mediasoup-client";
import { loudness } from "../lib/level";

const WINDOW = 1024;

/** Listens to a track recorded on this machine. */
export class Ear {
  readonly #samples = new Float32Array(WINDOW);
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();

  constructor(track: MediaStreamTrack) {
    this.#analyser.fftSize = WINDOW;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
    // Browsers may hold sound back until somebody has touched the page.
    const go = () => void this.#context.resume();
    addEventListener("pointerdown", go, { once: true });
    addEventListener("keydown", go, { once: true });
  }

  /** The level just now, 1: full scale. */
  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }

  close(): void {
    if (this.#context.state !== "closed") void this.#context.close();
  }
}

/** Returns the level of a received track, 1: full scale, 0 for silence and for what is not known. */
export function receivedLevel(consumer: mediasoup.Consumer | undefined): number {
  if (consumer === undefined || consumer.closed || consumer.kind !== "audio") return 0;
  const [newest] = consumer.rtpReceiver?.getSynchronizationSources() ?? [];
  if (newest?.audioLevel === undefined || performance.timeOrigin + performance.now() - newest.timestamp > 500) return 0;
  return newest.audioLevel;
}
