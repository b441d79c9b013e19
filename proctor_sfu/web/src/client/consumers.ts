// What this page receives: the consumers the server offered, found by whose and which source they are.

import type { types as mediasoup } from "mediasoup-client";
import { Flow } from "../lib/flow";
import type { NewConsumer, Source } from "../lib/protocol";

export interface Received {
  readonly peerId: string;
  readonly source: Source;
  readonly consumer: mediasoup.Consumer;
}

export class Consumers {
  readonly #byId = new Map<string, Received>();
  readonly #flows = new Map<string, Flow>();

  /** `changed`: another track, or none, is received of a peer's source. */
  constructor(private readonly changed: (peerId: string, source: Source) => void) {}

  get(peerId: string, source: Source): mediasoup.Consumer | undefined {
    for (const each of this.#byId.values()) {
      if (each.peerId === peerId && each.source === source && !each.consumer.closed) return each.consumer;
    }
    return undefined;
  }

  /** Returns whose and which source a consumer is of. */
  find(id: string): Received | undefined {
    return this.#byId.get(id);
  }

  /** The tracks of everybody's source. */
  tracks(source: Source): MediaStreamTrack[] {
    return [...this.#byId.values()].filter((each) => each.source === source).map(({ consumer }) => consumer.track);
  }

  /** What of the layers of a peer's source is sent, if it is received. */
  flow(peerId: string, source: Source): Flow | undefined {
    return this.#flows.get(this.get(peerId, source)?.id ?? "");
  }

  /** Whether a source that is received is paused, by its owner or by a lead; undefined: it is not received. */
  paused(peerId: string, source: Source): boolean | undefined {
    return this.flow(peerId, source)?.paused;
  }

  /** The source of one is paused, or goes on. */
  pausing(id: string, paused: boolean): void {
    const flow = this.#flows.get(id);
    if (flow !== undefined) flow.paused = paused;
  }

  /** Which of its layers a consumer is sent now. */
  layers(id: string, layer: number | null): void {
    this.#flows.get(id)?.send(layer);
  }

  /** How well each layer reaches the server. */
  origins(id: string, scores: readonly number[]): void {
    this.#flows.get(id)?.reach(scores);
  }

  /** Receives what the server offers over `transport`. */
  async take(offer: NewConsumer, transport: mediasoup.Transport): Promise<void> {
    const { id, producerId, kind, type, rtpParameters, peerId, producerScores, producerPaused: paused } = offer;
    const { source } = offer.appData;
    // The server may tell of it before this page is done with it.
    this.#flows.set(id, new Flow(type !== "simple", producerScores, paused));
    // Pictures and sound of one candidate share a stream id, which is what browsers keep in step.
    const consumer = await transport.consume({ id, producerId, kind, rtpParameters, streamId: `${peerId}-${source}` });
    // It may even be over by then.
    if (!this.#flows.has(id)) return consumer.close();
    const before = this.get(peerId, source);
    if (before !== undefined) this.#forget(before.id);
    this.#byId.set(id, { peerId, source, consumer });
    this.changed(peerId, source);
  }

  /** The server closed one. */
  closed(id: string): void {
    const gone = this.#byId.get(id);
    this.#forget(id);
    if (gone !== undefined) this.changed(gone.peerId, gone.source);
  }

  /** After a resumed login: drops what the server no longer has. Returns the ids of its own that this page lacks. */
  reconcile(held: readonly { readonly id: string }[]): string[] {
    const theirs = new Set(held.map(({ id }) => id));
    for (const id of [...this.#flows.keys()]) if (!theirs.has(id)) this.closed(id);
    return [...theirs].filter((id) => !this.#flows.has(id));
  }

  clear(): void {
    for (const id of [...this.#byId.keys()]) this.closed(id);
    // Those too of which no consumer came to be.
    this.#flows.clear();
  }

  #forget(id: string): void {
    this.#byId.get(id)?.consumer.close();
    this.#byId.delete(id);
    this.#flows.delete(id);
  }
}
