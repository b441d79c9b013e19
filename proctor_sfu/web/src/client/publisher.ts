// What this page sends: one producer for each source that has a track, brought in line with the send transport of the
// moment after every change on either side.

import type { types as mediasoup } from "mediasoup-client";
import { cameraEncodings, layerCount, screenEncodings } from "../lib/layers";
import type { Source } from "../lib/protocol";
import { Serial } from "../lib/serial";
import type { Ask } from "./media";
import { RefusedError } from "./signal";

interface Sent {
  readonly producer: mediasoup.Producer;
  readonly transport: mediasoup.Transport;
}

export class Publisher {
  readonly #tracks = new Map<Source, MediaStreamTrack>();
  readonly #sent = new Map<Source, Sent>();
  readonly #serial = new Serial();
  #transport: mediasoup.Transport | null = null;

  /** `refused`: the server does not take a source; the others are sent all the same. */
  constructor(
    private readonly ask: Ask,
    private readonly refused: (source: Source, error: RefusedError) => void,
  ) {}

  /** The producer of a source, if it is being sent. */
  producer(source: Source): mediasoup.Producer | undefined {
    const sent = this.#sent.get(source);
    return sent !== undefined && !sent.producer.closed ? sent.producer : undefined;
  }

  /** Sends over another transport from now on, null: over none. */
  async use(transport: mediasoup.Transport | null): Promise<void> {
    this.#transport = transport;
    await this.#sync();
  }

  /** Sends another track as `source`, null: nothing. */
  async set(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (track === null) this.#tracks.delete(source);
    else this.#tracks.set(source, track);
    await this.#sync();
  }

  /** After a resumed login: forgets producers the server no longer has, and takes from it those this page has not. */
  async reconcile(held: readonly { readonly id: string }[]): Promise<void> {
    const theirs = new Set(held.map(({ id }) => id));
    for (const [source, { producer }] of this.#sent) {
      if (!theirs.delete(producer.id)) {
        producer.close();
        this.#sent.delete(source);
      }
    }
    for (const producerId of theirs) await this.ask("closeProducer", { producerId });
    await this.#sync();
  }

  async #sync(): Promise<void> {
    await this.#serial.run(async () => {
      for (const [source, sent] of [...this.#sent]) {
        if (sent.producer.closed || sent.transport !== this.#transport) this.#sent.delete(source);
        else if (!this.#tracks.has(source)) await this.#stop(source, sent);
      }
      for (const [source, track] of this.#tracks) {
        try {
          await this.#send(source, track);
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
          this.refused(source, error);
        }
      }
    });
  }

  async #send(source: Source, track: MediaStreamTrack): Promise<void> {
    const transport = this.#transport;
    if (transport === null || transport.closed || track.readyState === "ended") return;
    const sent = this.#sent.get(source);
    if (sent?.producer.track === track) return;
    if (sent !== undefined && fits(source, sent.producer, track)) return sent.producer.replaceTrack({ track });
    if (sent !== undefined) await this.#stop(source, sent);
    const producer = await transport.produce({
      ...options(source, track),
      track,
      stopTracks: false,
      appData: { source },
    });
    this.#sent.set(source, { producer, transport });
  }

  async #stop(source: Source, { producer }: Sent): Promise<void> {
    producer.close();
    this.#sent.delete(source);
    await this.ask("closeProducer", { producerId: producer.id });
  }
}

/** Whether a producer made for one track may carry another: the number of layers is fixed when it is made. */
function fits(source: Source, producer: mediasoup.Producer, track: MediaStreamTrack): boolean {
  return source !== "camera" || producer.rtpParameters.encodings?.length === layersOf(track);
}

function layersOf(track: MediaStreamTrack): number {
  const { width = 640, height = 480 } = track.getSettings();
  return layerCount(width, height);
}

function options(source: Source, track: MediaStreamTrack): mediasoup.ProducerOptions {
  const { width = 640, height = 480 } = track.getSettings();
  switch (source) {
    case "camera":
      return { encodings: cameraEncodings(width, height) };
    case "screen":
      return { encodings: screenEncodings() };
    default:
      return {
        encodings: [{ priority: "high", networkPriority: "high" }],
        codecOptions: { opusStereo: false, opusDtx: true, opusFec: true, opusMaxAverageBitrate: 32_000 },
      };
  }
}
