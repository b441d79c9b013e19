// Many stays of the candidate's page in one process of node: its own logging in and coming back, without a browser.
// The first line of stdin is `{"host": …, "tokens": […]}`; for everybody who is in the room, and each time anew, a line
// `{"who": number, "at": milliseconds of Unix time}` goes to stdout: when it began to come in, which is up to the page;
// how long it takes is up to the machine. Ends with stdin.

import { createInterface } from "node:readline";
import { w3cwebsocket } from "websocket";
import { DisconnectedError } from "../../proctor_sfu/web/src/client/errors";
import { type Guest, Session } from "../../proctor_sfu/web/src/client/session";
import type { Welcome } from "../../proctor_sfu/web/src/lib/protocol";

interface Exam {
  readonly host: string;
  readonly tokens: readonly string[];
}

class Seat implements Guest {
  readonly session: Session;
  #began = Date.now();

  constructor(
    private readonly number: number,
    token: string,
  ) {
    this.session = new Session({ kind: "token", token }, this);
  }

  /** Asks for what the page asks for when it enters; where its media would go nothing is sent. */
  async ready(welcome: Welcome): Promise<void> {
    if (welcome.resumed) throw new Error("the server cannot know this stay any more");
    const rtpCapabilities = await this.session.request("getRouterRtpCapabilities");
    for (const direction of ["send", "recv"]) await this.session.request("createWebRtcTransport", { direction });
    await this.session.request("join", { rtpCapabilities, autoConsume: false });
    process.stdout.write(`${JSON.stringify({ who: this.number, at: this.#began })}\n`);
  }

  async asked(method: string): Promise<void> {
    throw new Error(`nobody has anything to say to a candidate: ${method}`);
  }

  told(): void {}

  changed({ phase }: Status): void {
    if (phase === "connecting") this.#began = Date.now();
  }
}

function fail(error: unknown): void {
  if (error instanceof DisconnectedError) return;
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}

function browserFor(host: string): void {
  Object.assign(globalThis, {
    WebSocket: w3cwebsocket,
    location: { protocol: "http:", host },
    addEventListener: () => {},
    removeEventListener: () => {},
    reportError: fail,
  });
}

const lines = createInterface(process.stdin);
lines.once("line", (line) => {
  const { host, tokens }: Exam = JSON.parse(line);
  browserFor(host);
  tokens.forEach((token, number) => {
    new Seat(number, token).session.run().catch(fail);
  });
});
lines.once("close", () => process.exit(0));
