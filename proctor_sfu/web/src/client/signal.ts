// Requests and notifications over one socket, with errors that have a code and with limits on how long they take.

import Peer from "protoo-client/lib/Peer.js";
import { DisconnectedError, RefusedError } from "./errors";
import { type Closed, GAVE_UP, Socket } from "./socket";

export interface Listener {
  /** Answers a request of the server. */
  asked(method: string, data: unknown): Promise<void>;
  told(method: string, data: unknown): void;
}

const PATIENCE = 8000;
const OPENING = 10_000;

export class Signal {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #opened: Promise<void>;

  constructor(url: string, listener: Listener) {
    this.#socket = new Socket(url);
    this.#peer = new Peer(this.#socket);
    this.#opened = new Promise((resolve) => this.#peer.on("open", resolve));
    this.#peer.on("notification", ({ method, data }) => listener.told(method, data));
    this.#peer.on("request", ({ method, data }, accept, reject) => {
      listener.asked(method, data).then(
        () => accept(),
        (error: unknown) => reject(500, String(error)),
      );
    });
  }

  /** For how many milliseconds nothing has arrived. */
  get silence(): number {
    return performance.now() - this.#socket.heardAt;
  }

  /** Resolves when the connection is closed, by whomever. */
  get ended(): Promise<Closed> {
    return this.#socket.ended;
  }

  /** Waits until it is open; raises DisconnectedError. */
  async open(): Promise<void> {
    const timer = setTimeout(() => this.giveUp(), OPENING);
    await Promise.race([this.#opened, this.#lost()]);
    clearTimeout(timer);
  }

  /** Asks the server; raises RefusedError or DisconnectedError. A server that does not answer counts as lost. */
  async request(method: string, data: unknown = {}): Promise<unknown> {
    const timer = setTimeout(() => this.giveUp(), PATIENCE);
    try {
      return await Promise.race([this.#peer.request(method, data), this.#lost()]);
    } catch (error) {
      if (this.#socket.closed) throw new DisconnectedError(`${method}: the connection was lost`);
      const refused = refusal(method, error);
      // protoo-client draws its ids at random; one in a great many is drawn twice.
      if (refused.code === "duplicate_request_id") return this.request(method, data);
      throw refused;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a request whose answer nobody will be there to read. */
  farewell(method: string): void {
    this.#peer.request(method, {}).catch(() => {});
  }

  close(): void {
    this.#socket.close();
  }

  /** Closes so that the server sees a network that was lost. */
  giveUp(): void {
    this.#socket.close(GAVE_UP);
  }

  async #lost(): Promise<never> {
    await this.ended;
    throw new DisconnectedError("the connection was lost");
  }
}

function refusal(method: string, error: unknown): RefusedError {
  const text = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : 500;
  const found = /^([a-z][a-z0-9_]*): (.*)$/s.exec(text);
  return new RefusedError(method, status, found?.[1] ?? "internal", found?.[2] ?? text);
}
