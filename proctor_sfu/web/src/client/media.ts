// The media connections of a page: one transport to send with and one to receive with, each mended by itself when its
// network goes away (lib/recovery.ts).

import { Device, type types as mediasoup } from "mediasoup-client";
import { VIDEO_CODECS, type VideoCodec } from "../lib/layers";
import { Capabilities, IceAnswer, Made, read, TransportAnswer, type Welcome } from "../lib/protocol";
import { type MediaState, Recovery } from "../lib/recovery";
import { DisconnectedError } from "./errors";

export type Direction = "send" | "recv";
export type Ask = (method: string, data?: unknown) => Promise<unknown>;

export interface MediaListener {
  /** The state of the worse of the two connections. */
  changed(state: MediaState): void;
  /** A transport was made anew in place of one that could not be mended: what was on it is gone. */
  rebuilt(direction: Direction): Promise<void>;
  /** A transport could not even be made anew: only a new login helps. */
  hopeless(): void;
}

interface Line {
  readonly transport: mediasoup.Transport;
  readonly recovery: Recovery;
  timer: ReturnType<typeof setTimeout> | undefined;
  mending: boolean;
  /** Something is to be sent or received. Without a way there ICE does not even begin, and the state stays "new". */
  begun: boolean;
  /** It was connected once. */
  stood: boolean;
}

export class Media {
  readonly #lines = new Map<Direction, Line>();
  #closed = false;

  private constructor(
    private readonly device: Device,
    private readonly ask: Ask,
    private readonly iceServers: RTCIceServer[],
    private readonly listener: MediaListener,
  ) {}

  /** Loads a device with what the room can do. */
  static async load(ask: Ask, welcome: Welcome, listener: MediaListener): Promise<Media> {
    const device = await Device.factory();
    const routerRtpCapabilities = read(Capabilities, await ask("getRouterRtpCapabilities"), "getRouterRtpCapabilities");
    await device.load({ routerRtpCapabilities });
    return new Media(device, ask, welcome.iceServers, listener);
  }

  get capabilities(): mediasoup.RtpCapabilities {
    return this.device.recvRtpCapabilities;
  }

  /** What pictures are sent as: the first codec of the room that this browser can encode. */
  get videoCodec(): VideoCodec {
    const names = (this.device.sendRtpCapabilities.codecs ?? []).map(({ mimeType }) => mimeType.toLowerCase());
    return VIDEO_CODECS.find((codec) => `video/${codec}` === names.find((name) => name.startsWith("video/"))) ?? "vp8";
  }

  /** Whether screens are sent in two sizes. In other browsers than Chromium it was not tried. */
  get screensTwice(): boolean {
    return this.device.handlerName.startsWith("Chrome");
  }

  transport(direction: Direction): mediasoup.Transport | undefined {
    return this.#lines.get(direction)?.transport;
  }

  /** Makes the transport of a direction; an earlier one is closed, here and on the server. */
  async open(direction: Direction): Promise<mediasoup.Transport> {
    const stood = this.#lines.get(direction)?.stood ?? false;
    this.#drop(direction);
    const answer = read(
      TransportAnswer,
      await this.ask("createWebRtcTransport", { direction }),
      "createWebRtcTransport",
    );
    if (this.#closed) throw new DisconnectedError("the media connections were closed meanwhile");
    const options = { ...answer, iceServers: answer.iceServers ?? this.iceServers };
    const transport =
      direction === "send" ? this.device.createSendTransport(options) : this.device.createRecvTransport(options);
    const line: Line = { transport, recovery: new Recovery(), timer: undefined, mending: false, begun: false, stood };
    this.#lines.set(direction, line);
    this.#wire(line);
    transport.on("connectionstatechange", (state) => {
      line.stood ||= state === "connected";
      line.recovery.changed(state, performance.now());
      this.#attend(direction, line);
      this.#tell();
    });
    return transport;
  }

  /** Signaling is back: connections that suffered meanwhile are mended at once. */
  reachable(): void {
    for (const [direction, line] of this.#lines) {
      line.recovery.reachable(performance.now());
      this.#attend(direction, line);
    }
  }

  close(): void {
    this.#closed = true;
    for (const direction of [...this.#lines.keys()]) this.#drop(direction);
  }

  #wire(line: Line): void {
    const { transport } = line;
    transport.on("connect", ({ dtlsParameters }, done, failed) => {
      line.begun = true;
      this.#tell();
      this.ask("connectWebRtcTransport", { transportId: transport.id, dtlsParameters }).then(done, failed);
    });
    transport.on("produce", ({ kind, rtpParameters, appData }, done, failed) => {
      // The server counts layers from the smallest, browsers begin with what matters most.
      const encodings = (rtpParameters.encodings ?? []).slice().sort((one, other) => shrunk(other) - shrunk(one));
      this.ask("produce", { transportId: transport.id, kind, rtpParameters: { ...rtpParameters, encodings }, appData })
        .then((answer) => done(read(Made, answer, "produce")))
        .catch(failed);
    });
  }

  #drop(direction: Direction): void {
    const line = this.#lines.get(direction);
    if (line === undefined) return;
    clearTimeout(line.timer);
    this.#lines.delete(direction);
    line.transport.close();
  }

  /** Does what the recovery asks for, now or when it is due. */
  #attend(direction: Direction, line: Line): void {
    clearTimeout(line.timer);
    const { due } = line.recovery;
    if (due === null || line.mending) return;
    line.timer = setTimeout(() => void this.#mend(direction, line), Math.max(0, due - performance.now()));
  }

  async #mend(direction: Direction, line: Line): Promise<void> {
    const remedy = line.recovery.next(performance.now());
    if (remedy === null) return this.#attend(direction, line);
    line.mending = true;
    try {
      if (remedy === "restart") await this.#restart(line.transport);
      else {
        await this.open(direction);
        await this.listener.rebuilt(direction);
      }
    } catch (error) {
      // Without signaling nothing can be mended; `reachable` begins again. A refused restart leads on to a rebuild.
      if (error instanceof DisconnectedError) return;
      if (remedy === "rebuild") return this.listener.hopeless();
    } finally {
      line.mending = false;
    }
    if (this.#lines.get(direction) === line) this.#attend(direction, line);
  }

  async #restart(transport: mediasoup.Transport): Promise<void> {
    const answer = read(IceAnswer, await this.ask("restartIce", { transportId: transport.id }), "restartIce");
    const { iceServers, ...iceParameters } = answer;
    if (iceServers.length > 0 && !transport.closed) await transport.updateIceServers({ iceServers });
    if (!transport.closed) await transport.restartIce({ iceParameters });
  }

  #tell(): void {
    const states = [...this.#lines.values()].map(stateOf);
    const worst = (["failed", "disconnected", "connecting", "starting", "connected", "new"] as const).find((each) =>
      states.includes(each),
    );
    this.listener.changed(worst ?? "new");
  }
}

function shrunk({ scaleResolutionDownBy = 1 }: mediasoup.RtpEncodingParameters): number {
  return scaleResolutionDownBy;
}

function stateOf({ transport: { connectionState: state }, begun, stood }: Line): MediaState {
  const underway = state === "connecting" || (state === "new" && begun);
  return underway ? (stood ? "connecting" : "starting") : state;
}
