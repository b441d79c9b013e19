// A page's stay in a room: logs in, and after every loss of the connection comes back by itself, under the same
// identity, until it is told that it is over.

import { delay, pace } from "../lib/backoff";
import { type Ending, endingOf, mayPass, OCCUPIED } from "../lib/closing";
import type { Login } from "../lib/link";
import { read, Welcome } from "../lib/protocol";
import { DisconnectedError, RefusedError } from "./errors";
import { Signal } from "./signal";

export type Phase = "connecting" | "open" | "waiting" | "ended";

export interface Status {
  readonly phase: Phase;
  /** When the connection was lost, in milliseconds of `performance.now()`; null while it is there. */
  readonly lostAt: number | null;
  readonly wasOpen: boolean;
  /** Whether the last login was refused because the place is taken. */
  readonly occupied: boolean;
  readonly ended: { readonly ending: Ending; readonly code: string; readonly reason: string } | null;
}

export interface Guest {
  /** Logged in; `welcome.resumed` says whether the server still has everything. Until it resolves the page is "connecting". */
  ready(welcome: Welcome): Promise<void>;
  asked(method: string, data: unknown): Promise<void>;
  told(method: string, data: unknown): void;
  changed(status: Status): void;
}

/** Milliseconds without a word after which the server is asked for one: a page cannot see the pings of a WebSocket. */
const SILENCE = 10_000;

export class Session {
  #status: Status = { phase: "connecting", lostAt: null, wasOpen: false, occupied: false, ended: null };
  #signal: Signal | null = null;
  #resumeKey: string | undefined;
  #grace = 30;
  #wake: () => void = () => {};

  constructor(
    private readonly login: Login,
    private readonly guest: Guest,
    private readonly random: () => number = Math.random,
  ) {}

  get status(): Status {
    return this.#status;
  }

  /** Runs until it is over. */
  async run(): Promise<void> {
    const hurry = () => this.#wake();
    addEventListener("online", hurry);
    for (let attempt = 0; this.#status.phase !== "ended"; attempt += 1) {
      const opened = await this.#stay();
      if (this.#over()) break;
      if (opened) attempt = 0;
      this.#change({ phase: "waiting", lostAt: this.#status.lostAt ?? performance.now() });
      await this.#pause(delay(attempt, pace(this.#grace, this.#lostFor()), this.random));
      if (!this.#over()) this.#change({ phase: "connecting" });
    }
    removeEventListener("online", hurry);
  }

  /** Asks the server; raises RefusedError, or DisconnectedError while there is no connection. */
  async request(method: string, data: unknown = {}): Promise<unknown> {
    if (this.#signal === null) throw new DisconnectedError(`${method}: not connected`);
    return this.#signal.request(method, data);
  }

  /** Leaves for good. */
  leave(): void {
    if (this.#over()) return;
    this.#signal?.farewell("leave");
    this.end("left", "");
  }

  /** The page goes away, perhaps to be loaded again: says so to the server. */
  depart(): void {
    this.#signal?.farewell("leave");
  }

  /** Ends it for a reason the server gave. */
  end(ending: Ending, reason: string, code = ""): void {
    if (this.#over()) return;
    this.#change({ phase: "ended", ended: { ending, code, reason } });
    this.#signal?.close();
    this.#wake();
  }

  /** Drops the connection and begins a new one, as after a loss. */
  again(): void {
    this.#signal?.giveUp();
  }

  /** Holds one connection until it ends. Returns whether it came to be open. */
  async #stay(): Promise<boolean> {
    const signal = new Signal(address(), this.guest);
    try {
      await signal.open();
      const welcome = read(Welcome, await signal.request("authenticate", this.#credentials()), "authenticate");
      this.#resumeKey = welcome.resumeKey;
      this.#grace = welcome.graceSeconds;
      this.#signal = signal;
      await this.guest.ready(welcome);
      this.#change({ phase: "open", lostAt: null, wasOpen: true, occupied: false });
    } catch (error) {
      this.#failed(error);
      signal.giveUp();
    }
    const opened = this.#status.phase === "open";
    const beat = setInterval(() => this.#listen(signal), SILENCE / 2);
    const { code, reason } = await signal.ended;
    clearInterval(beat);
    this.#signal = null;
    const ending = endingOf(code);
    if (ending !== null) this.end(ending, reason);
    return opened;
  }

  /** Makes sure that a connection which says nothing is still there; `request` gives it up if it is not. */
  #listen(signal: Signal): void {
    if (signal.silence < SILENCE) return;
    signal.request("ping").catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (error instanceof DisconnectedError) return;
    if (error instanceof RefusedError) {
      // What comes after the login fails for good only if it is forbidden; else the next try may fare better.
      const final = error.method === "authenticate" ? !mayPass(error.status, error.code) : error.status === 403;
      if (final) this.end("refused", error.reason, error.code);
      else this.#change({ occupied: error.code === OCCUPIED });
      return;
    }
    // Not something to hide: it ends up in the console and in the tests.
    reportError(error);
  }

  #credentials(): object {
    const resume = this.#resumeKey === undefined ? {} : { resumeKey: this.#resumeKey };
    const { kind, ...identity } = this.login;
    return { ...identity, ...resume };
  }

  #over(): boolean {
    return this.#status.phase === "ended";
  }

  #lostFor(): number {
    return (performance.now() - (this.#status.lostAt ?? performance.now())) / 1000;
  }

  #change(status: Partial<Status>): void {
    this.#status = { ...this.#status, ...status };
    this.guest.changed(this.#status);
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}
