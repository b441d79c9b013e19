// One WebSocket as a transport of protoo-client. Unlike protoo-client's own it does not open a second one by itself,
// and tells the code it was closed with: how and when to come back is decided in session.ts.

import EnhancedEventEmitter from "protoo-client/lib/EnhancedEventEmitter.js";
import Message from "protoo-client/lib/Message.js";

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The code for a connection this page gave up because nothing came back; the server sees it as a lost network. */
export const GAVE_UP = 4999;

export class Socket extends EnhancedEventEmitter {
  readonly ended: Promise<Closed>;
  /** When something last arrived, in milliseconds of `performance.now()`. */
  heardAt = performance.now();
  #closed = false;
  #end: (closed: Closed) => void = () => {};
  readonly #websocket: WebSocket;

  constructor(url: string) {
    super();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#websocket = new WebSocket(url, "protoo");
    this.#websocket.onopen = () => this.safeEmit("open");
    this.#websocket.onclose = ({ code, reason }) => this.#over(code, reason);
    this.#websocket.onmessage = ({ data }) => {
      this.heardAt = performance.now();
      const message = Message.parse(data);
      if (message !== undefined && !this.#closed) this.safeEmit("message", message);
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Closes on purpose; the end does not wait for the server, which may be out of reach. */
  close(code = 1000): void {
    if (this.#closed) return;
    this.#websocket.close(code);
    this.#over(code, "");
  }

  async send(message: unknown): Promise<void> {
    if (this.#closed || this.#websocket.readyState !== WebSocket.OPEN) throw new Error("the connection is closed");
    this.#websocket.send(JSON.stringify(message));
  }

  #over(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end({ code, reason });
    this.safeEmit("close");
  }
}
