// The buttons and keys by which a proctor speaks: held or tapped, to one or to all.

import { DeviceError } from "../client/devices";
import { RefusedError } from "../client/errors";
import type { Ask } from "../client/media";
import type { Publisher } from "../client/publisher";
import { type Addressee, Talker } from "../client/talker";
import { Press } from "../lib/press";
import { strings } from "../strings";
import { attribute, h } from "../ui/dom";
import { icon } from "../ui/icons";
import { key } from "./focus";
import { OnAir } from "./onair";

type Way = "whisper" | "announce";

export interface SpeakingPage {
  /** Whom a whisper would go to now. */
  addressee(): string | null;
  nameOf(peerId: string): string;
  present(): number;
  say(text: string): void;
}

export class Speaking {
  readonly whisper = button("microphone", strings.talk.whisper, "W");
  readonly announce = button("announce", strings.talk.announce, "A");
  readonly onAir = new OnAir(() => this.stop());
  readonly #talker: Talker;
  readonly #presses: Record<Way, Press> = { whisper: new Press(), announce: new Press() };

  constructor(
    ask: Ask,
    publisher: Publisher,
    private readonly page: SpeakingPage,
  ) {
    this.#talker = new Talker(
      ask,
      publisher,
      (to, track) => this.#show(to, track),
      (error) => this.#failed(error),
    );
    for (const way of ["whisper", "announce"] as const) this.#listen(this[way], way);
    addEventListener("blur", ({ timeStamp }) => this.#released(timeStamp));
  }

  /** A key or button that speaks went down; `at`: when, which a busy page learns late. */
  down(way: Way, at: number): void {
    const press = this.#presses[way];
    const speaks = press.on;
    const to = way === "announce" ? "all" : this.#one();
    if (!speaks && to === null) return this.page.say(strings.talk.nobody);
    press.down(at);
    if (speaks) return;
    this.#presses[way === "announce" ? "whisper" : "announce"].stop();
    this.#talker.address(to);
  }

  /** It came up. */
  up(way: Way, at: number): void {
    if (this.#presses[way].on && !this.#presses[way].up(at)) this.#talker.address(null);
  }

  stop(): void {
    for (const press of Object.values(this.#presses)) press.stop();
    this.#talker.address(null);
  }

  /** The connection is a new one, on which nobody is spoken to. */
  reset(): void {
    for (const press of Object.values(this.#presses)) press.stop();
    this.#talker.reset();
  }

  /** The connection is another one of the same stay. */
  resumed(): void {
    this.#talker.resumed();
  }

  tick(now: number): void {
    this.onAir.tick(now);
  }

  #one(): Addressee | null {
    const peerId = this.page.addressee();
    return peerId === null ? null : { peerId };
  }

  /** The window lost the keyboard: nobody would see a key come up. What was tapped on stays on. */
  #released(at: number): void {
    for (const way of ["whisper", "announce"] as const) this.up(way, at);
  }

  #listen(element: HTMLButtonElement, way: Way): void {
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      this.down(way, event.timeStamp);
    });
    for (const end of ["pointerup", "pointercancel"])
      element.addEventListener(end, ({ timeStamp }) => this.up(way, timeStamp));
    for (const [type, act] of [
      ["keydown", (at: number) => this.down(way, at)],
      ["keyup", (at: number) => this.up(way, at)],
    ] as const) {
      element.addEventListener(type, (event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        act(event.timeStamp);
      });
    }
  }

  #show(to: Addressee | null, track: MediaStreamTrack | null): void {
    const whom =
      to === null
        ? null
        : to === "all"
          ? strings.talk.toAll(this.page.present())
          : strings.talk.toOne(this.page.nameOf(to.peerId));
    this.onAir.show(whom, track);
    attribute(this.whisper, "aria-pressed", String(to !== null && to !== "all"));
    attribute(this.announce, "aria-pressed", String(to === "all"));
  }

  #failed(error: unknown): void {
    for (const press of Object.values(this.#presses)) press.stop();
    if (error instanceof DeviceError) this.page.say(strings.device.trouble("microphone", error.trouble));
    else if (error instanceof RefusedError) this.page.say(strings.talk.refused(error.reason));
    else this.page.say(strings.exam.notSent);
  }
}

function button(name: "microphone" | "announce", label: string, shortcut: string): HTMLButtonElement {
  return h(
    "button",
    { class: "button button-talk", type: "button", title: strings.talk.hint, "aria-pressed": "false" },
    [icon(name), label, key(shortcut)],
  );
}
