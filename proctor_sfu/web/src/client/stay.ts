// What both pages do in a room, below what they show: log in, open the media connections, send and receive, and get all
// of it back after whatever was lost.

import type { Login } from "../lib/link";
import { Joined, NewConsumer, type Notice, notice, read, type Source, type Welcome } from "../lib/protocol";
import type { MediaState } from "../lib/recovery";
import { Serial } from "../lib/serial";
import { Consumers } from "./consumers";
import { DisconnectedError, type RefusedError } from "./errors";
import { type Direction, Media } from "./media";
import { Publisher } from "./publisher";
import { Session, type Status } from "./session";

export interface Page {
  /** The server let us in; before `join`. */
  welcomed(welcome: Welcome): void;
  /** The server knows nothing of us, or nothing any more, until we have `joined`. */
  entering(): void;
  /** In the room, for the first time or anew. */
  joined(answer: Joined): void;
  /** The same stay goes on after a loss: what is there by now; null: that is known already. */
  resumed(welcome: Welcome | null): void;
  told(notice: Notice): void;
  /** Another track, or none, is received. */
  received(peerId: string, source: Source): void;
  /** The server does not take a source. */
  refused(source: Source, error: RefusedError): void;
  changed(): void;
}

export interface Wants {
  /** Which connections a page needs, given what it was told. */
  directions(welcome: Welcome): Direction[];
}

export class Stay {
  readonly session: Session;
  readonly publisher: Publisher;
  readonly consumers: Consumers;
  readonly ask = (method: string, data?: unknown) => this.session.request(method, data);
  #welcome: Welcome | null = null;
  #media: Media | null = null;
  #mediaState: MediaState = "new";
  #joining = false;
  /** The page knows what the stay began with: the answer to `join` came. */
  #entered = false;
  readonly #serial = new Serial();

  constructor(
    private readonly login: Login,
    private readonly page: Page,
    private readonly wants: Wants,
  ) {
    this.session = new Session(login, {
      ready: (welcome) => this.#ready(welcome),
      asked: (method, data) => this.#asked(method, data),
      told: (method, data) => this.#told(method, data),
      changed: (status) => this.#changed(status),
    });
    this.publisher = new Publisher(this.ask, (source, error) => page.refused(source, error));
    this.consumers = new Consumers((peerId, source) => page.received(peerId, source));
  }

  get status(): Status {
    return this.session.status;
  }

  get welcome(): Welcome | null {
    return this.#welcome;
  }

  /** What the person at the page is called. */
  get name(): string {
    const own = this.login.kind === "open" ? this.login.displayName : "";
    return this.#welcome?.displayName || own || (this.#welcome?.peerId ?? "");
  }

  get mediaState(): MediaState {
    return this.#mediaState;
  }

  transport(direction: Direction): ReturnType<Media["transport"]> {
    return this.#media?.transport(direction);
  }

  /** Enters the room, now and after every loss. */
  async join(): Promise<void> {
    this.#joining = true;
    if (this.status.phase === "open") await this.#again();
  }

  leave(): void {
    this.session.leave();
    this.#close();
  }

  async #ready(welcome: Welcome): Promise<void> {
    this.#welcome = welcome;
    this.page.welcomed(welcome);
    if (!this.#joining) return;
    if (!welcome.resumed || !welcome.joined) return this.#enter();
    if (!this.#stands(welcome)) return this.#forsake();
    this.#media?.reachable();
    const strangers = this.consumers.reconcile(welcome.consumers);
    const closing = strangers.map((consumerId) => this.ask("closeConsumer", { consumerId }));
    // Before anything is waited for: what is told from now on builds on it.
    this.page.resumed(welcome);
    await Promise.all(closing);
    await this.publisher.reconcile(welcome.producers);
  }

  /** Whether this page has all that a resumed stay goes on with; an answer may have been lost with the connection. */
  #stands(welcome: Welcome): boolean {
    const ids = new Map(welcome.transports.map(({ direction, id }) => [direction, id]));
    return this.#entered && this.wants.directions(welcome).every((each) => ids.get(each) === this.transport(each)?.id);
  }

  /** Gives up a stay of which the server knows more than this page; the next login begins another one. */
  async #forsake(): Promise<never> {
    await this.ask("leave");
    throw new DisconnectedError("the stay begins anew");
  }

  /** Makes everything anew. */
  async #enter(): Promise<void> {
    this.page.entering();
    await this.#serial.run(async () => {
      this.#close();
      const welcome = this.#welcome;
      if (welcome === null) return;
      const media = await Media.load(this.ask, welcome, {
        changed: (state) => this.#mediaChanged(state),
        rebuilt: (direction) => this.#rebuilt(direction),
        hopeless: () => this.session.again(),
      });
      this.#media = media;
      for (const direction of this.wants.directions(welcome)) await media.open(direction);
      const answer = await this.ask("join", {
        displayName: this.name,
        rtpCapabilities: media.capabilities,
        autoConsume: false,
      });
      // Before anything is waited for: what is told from now on builds on it.
      this.page.joined(read(Joined, answer, "join"));
      this.#entered = true;
      this.publisher.plan(welcome.bitrates, media.videoCodec, media.screensTwice);
      await this.publisher.use(media.transport("send") ?? null);
    });
  }

  async #rebuilt(direction: Direction): Promise<void> {
    if (direction === "send") await this.publisher.use(this.#media?.transport("send") ?? null);
    this.page.resumed(null);
  }

  async #asked(method: string, data: unknown): Promise<void> {
    if (method !== "newConsumer") throw new Error(`this page knows no request ${method}`);
    const offer = read(NewConsumer, data, method);
    const transport = this.#media?.transport("recv");
    if (transport === undefined) throw new Error("there is no transport to receive with");
    await this.consumers.take(offer, transport);
  }

  #told(method: string, data: unknown): void {
    const heard = notice(method, data);
    if (heard === null) return;
    switch (heard.method) {
      case "kicked":
        return this.session.end("kicked", heard.data.reason);
      case "replaced":
        return this.session.end("replaced", heard.data.reason);
      case "roomClosed":
        return this.session.end("room-closed", heard.data.reason);
      case "workerDied":
        if (this.#joining) void this.#again();
        return;
      case "consumerClosed":
        return this.consumers.closed(heard.data.consumerId);
      case "consumerLayersChanged":
        return this.consumers.layers(heard.data.consumerId, heard.data.spatialLayer);
      case "consumerScore":
        return this.consumers.origins(heard.data.consumerId, heard.data.score.producerScores);
      case "consumerPaused":
      case "consumerResumed":
        this.consumers.pausing(heard.data.consumerId, heard.method === "consumerPaused");
    }
    this.page.told(heard);
  }

  /** Enters outside of a login: at first, and when the room moved to another worker, which knows nothing of us. */
  async #again(): Promise<void> {
    try {
      await this.#enter();
    } catch (error) {
      if (!(error instanceof DisconnectedError)) this.session.again();
    }
  }

  #changed(status: Status): void {
    if (status.phase === "ended") this.#close();
    this.page.changed();
  }

  #mediaChanged(state: MediaState): void {
    this.#mediaState = state;
    this.page.changed();
  }

  #close(): void {
    this.#entered = false;
    this.consumers.clear();
    this.#media?.close();
    this.#media = null;
    this.#mediaState = "new";
  }
}
