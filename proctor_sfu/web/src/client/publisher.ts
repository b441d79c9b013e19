// What this page sends: one producer for each source that has a track, brought in line with the send transport of the
// moment after every change on either side.

import type { types as mediasoup } from "mediasoup-client";
import { cameraEncodings, screenEncodings, type VideoCodec, within } from "../lib/layers";
import type { Source } from "../lib/protocol";
import { Serial } from "../lib/serial";
import { RefusedError } from "./errors";
import type { Ask } from "./media";

export type Bitrates = Readonly<Partial<Record<Source, number | undefined>>>;

interface Sent {
  readonly producer: mediasoup.Producer;
  readonly transport: mediasoup.Transport;
  readonly encodings: readonly mediasoup.RtpEncodingParameters[];
  limit: number;
  /** The server may have heard that it is held back, and has not said that it goes on. */
  rests: boolean;
}

const DEFAULTS: Record<Source, number> = { camera: 1_000_000, screen: 1_600_000, microphone: 64_000, voice: 64_000 };
/** Kilobits per second to begin with: browsers find out by themselves what gets through, but from 300 up it takes long. */
const START = 1000;
/** Speech does not get better with more. */
const SPEECH = 40_000;

export class Publisher {
  readonly #tracks = new Map<Source, MediaStreamTrack>();
  readonly #sent = new Map<Source, Sent>();
  readonly #serial = new Serial();
  #transport: mediasoup.Transport | null = null;
  #bitrates: Bitrates = {};
  #codec: VideoCodec = "vp8";
  #screensTwice = false;

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

  /** The media sections of sources that are held back. */
  get idle(): string[] {
    const held = [...this.#sent.values()].filter(({ producer }) => producer.paused);
    return held.map(({ producer }) => producer.rtpParameters.mid ?? "");
  }

  /** What the server allows for each source, and what pictures are sent as, from the next transport on. */
  plan(bitrates: Bitrates, codec: VideoCodec, screensTwice: boolean): void {
    this.#bitrates = bitrates;
    this.#codec = codec;
    this.#screensTwice = screensTwice;
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

  /** Sends no more than this as each source, in bits per second, 0: nothing for now. */
  async limit(limits: Bitrates): Promise<void> {
    await this.#serial.run(async () => {
      for (const [source, sent] of this.#sent) {
        const limit = limits[source];
        if (limit === undefined || limit === sent.limit || sent.producer.closed) continue;
        try {
          await this.#hold(sent, limit);
          sent.limit = limit;
        } catch (error) {
          // A lead proctor paused it as well: it may go on only when that ends, and is tried again then.
          if (!(error instanceof RefusedError)) throw error;
        }
      }
    });
  }

  /** After a resumed login: forgets producers the server no longer has, and takes from it those this page has not. */
  async reconcile(held: readonly { readonly id: string }[]): Promise<void> {
    const theirs = new Set(held.map(({ id }) => id));
    for (const [source, { producer }] of [...this.#sent]) {
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
    const bitrate = this.#bitrates[source] ?? DEFAULTS[source];
    const encodings = encodingsOf(source, track, bitrate, this.#codec, this.#screensTwice);
    if (sent !== undefined && alike(sent.encodings, encodings)) return sent.producer.replaceTrack({ track });
    if (sent !== undefined) await this.#stop(source, sent);
    const producer = await transport.produce({
      track,
      encodings,
      codecOptions: track.kind === "audio" ? speech(bitrate) : { videoGoogleStartBitrate: START },
      stopTracks: false,
      // Its owner goes on seeing a source that is held back; of what is sent nothing is left.
      disableTrackOnPause: false,
      zeroRtpOnPause: true,
      appData: { source, ...widthOf(track) },
    });
    this.#sent.set(source, { producer, transport, encodings, limit: bitrate, rests: false });
  }

  async #stop(source: Source, { producer }: Sent): Promise<void> {
    producer.close();
    this.#sent.delete(source);
    await this.ask("closeProducer", { producerId: producer.id });
  }

  /** Holds a source back to `limit`; the server hears of a pause, so that nobody takes it for a loss. */
  async #hold(sent: Sent, limit: number): Promise<void> {
    const { producer, encodings } = sent;
    if (limit === 0) {
      producer.pause();
      sent.rests = true;
      await this.ask("pauseProducer", { producerId: producer.id });
      return;
    }
    if (producer.kind === "video") {
      const bitrates = encodings.map(({ maxBitrate = limit }) => maxBitrate);
      await limitLayers(producer, within(bitrates, limit));
    }
    if (producer.paused) producer.resume();
    if (sent.rests) {
      await this.ask("resumeProducer", { producerId: producer.id });
      sent.rests = false;
    }
  }
}

async function limitLayers(producer: mediasoup.Producer, limits: ReturnType<typeof within>): Promise<void> {
  const sender = producer.rtpSender;
  if (sender === undefined) return;
  const parameters = sender.getParameters();
  parameters.encodings.forEach((encoding, layer) => {
    Object.assign(encoding, limits[layer]);
  });
  await sender.setParameters(parameters);
}

/** Whether a producer made with some encodings may carry what others are wanted for: its layers are fixed by then. */
function alike(made: readonly mediasoup.RtpEncodingParameters[], wanted: typeof made): boolean {
  const layers = (encodings: typeof made) => encodings.map(({ scalabilityMode }) => scalabilityMode ?? "").join();
  return layers(made) === layers(wanted);
}

function encodingsOf(
  source: Source,
  track: MediaStreamTrack,
  bitrate: number,
  codec: VideoCodec,
  screensTwice: boolean,
): mediasoup.RtpEncodingParameters[] {
  const { width = 640, height = 480 } = track.getSettings();
  if (source === "camera") return cameraEncodings(width, height, bitrate, codec);
  if (source === "screen") return screenEncodings(bitrate, codec, screensTwice);
  return [{ priority: "high", networkPriority: "high" }];
}

function speech(bitrate: number): mediasoup.ProducerCodecOptions {
  return { opusStereo: false, opusDtx: true, opusFec: true, opusMaxAverageBitrate: Math.min(bitrate, SPEECH) };
}

/** The width of what is sent, from which the server knows what each layer is good for. */
function widthOf(track: MediaStreamTrack): { width?: number } {
  const { width } = track.getSettings();
  return track.kind === "video" && width !== undefined && width >= 16 ? { width } : {};
}
