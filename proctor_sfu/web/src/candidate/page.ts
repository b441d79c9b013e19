// The candidate's page: joins what the devices give with what the room wants, and shows either the check or the exam.

import { DisconnectedError, RefusedError } from "../client/errors";
import { type Page, Stay } from "../client/stay";
import { type Measured, measure } from "../client/uplink";
import { type Condition, conditionOf } from "../lib/condition";
import type { Login } from "../lib/link";
import {
  type Joined,
  type Message,
  type Notice,
  read,
  Sent,
  type Source,
  UplinkAnswer,
  type Welcome,
} from "../lib/protocol";
import { strings } from "../strings";
import { attribute, fill, h, say } from "../ui/dom";
import { forgetLogin } from "../ui/entry";
import { showNotice } from "../ui/notice";
import { Capture, OWN_SOURCES, type OwnSource } from "./capture";
import { SourceCard } from "./card";
import { CheckView } from "./check";
import { ExamView, isOwn } from "./exam";
import { Voices } from "./voices";

const METER_EVERY = 80;
const UPLINK_EVERY = 3000;
const SETTLING = 10_000;
/** The kinds of error by which the server says that it will never take a source. */
const LASTING: ReadonlySet<number> = new Set([400, 403, 415]);

export class CandidatePage implements Page {
  readonly #stay: Stay;
  readonly #capture = new Capture((source) => this.#captured(source));
  readonly #voices = new Voices((held) => this.#exam?.held(held));
  readonly #room = h("h1", { class: "top-room" });
  readonly #name = h("span", { class: "muted" });
  readonly #banner = h("div", { class: "banner", role: "status" });
  readonly #bannerTitle = h("strong");
  readonly #bannerDetail = h("span");
  readonly #body = h("div", { class: "body" });
  #cards: SourceCard[] = [];
  #check: CheckView | null = null;
  #exam: ExamView | null = null;
  #joining = false;
  #hand = false;
  #uplink: Measured | null = null;
  #sendingSince = 0;

  constructor(
    private readonly root: Element,
    login: Login,
  ) {
    this.#stay = new Stay(login, this, { directions: () => ["send", "recv"] });
    this.#banner.append(
      h("span", { class: "dot" }),
      h("div", { class: "banner-text" }, [this.#bannerTitle, this.#bannerDetail]),
    );
    fill(root, [
      h("header", { class: "top" }, [h("div", { class: "top-who" }, [this.#room, this.#name]), this.#banner]),
      this.#body,
      this.#voices.element,
    ]);
    setInterval(() => this.#tick(), METER_EVERY);
    setInterval(() => void this.#measure(), UPLINK_EVERY);
    setInterval(() => this.changed(), 1000);
    for (const event of ["online", "offline"]) addEventListener(event, () => this.changed());
    addEventListener("pagehide", () => this.#stay.session.depart());
    addEventListener("beforeunload", (event) => {
      if (this.#exam !== null && this.#stay.status.phase !== "ended") event.preventDefault();
    });
  }

  async run(): Promise<void> {
    this.changed();
    await this.#stay.session.run();
  }

  // What the stay tells.

  welcomed(welcome: Welcome): void {
    say(this.#room, strings.room(welcome.roomId));
    say(this.#name, strings.you(this.#stay.name));
    document.title = `${strings.document.title.candidate} · ${welcome.roomId}`;
    for (const source of OWN_SOURCES) this.#capture.hold(source, welcome.held.includes(source));
    if (this.#check === null) this.#showCheck(welcome);
  }

  entering(): void {
    // What the page shows stays until there is something new.
  }

  joined({ messages, talks }: Joined): void {
    if (this.#exam === null) this.#showExam();
    for (const message of messages) this.#heard(message);
    this.#exam?.hear(talks);
    this.#sendingSince = performance.now();
    if (this.#hand) void this.#ask("raiseHand", { raised: true });
    this.changed();
  }

  resumed(welcome: Welcome | null): void {
    if (welcome !== null) {
      for (const message of welcome.messages) this.#heard(message);
      this.#exam?.hear(welcome.talks);
      // What was pressed last may have been lost on the way, or its answer.
      void this.#ask("raiseHand", { raised: this.#hand });
    }
    this.changed();
  }

  received(peerId: string, source: Source): void {
    if (source === "voice") this.#voices.hear(peerId, this.#stay.consumers.get(peerId, source)?.track ?? null);
  }

  told(notice: Notice): void {
    if (notice.method === "message") this.#heard(notice.data);
    else if (notice.method === "talk") this.#exam?.talk(notice.data);
    else if (notice.method === "sourceHeld" && isOwn(notice.data.source)) {
      this.#capture.hold(notice.data.source, notice.data.held);
    }
  }

  refused(source: Source, error: RefusedError): void {
    // Else it is only not taken now, as while the room moves to another worker, and is published again after that.
    if (isOwn(source) && LASTING.has(error.status)) this.#capture.refuse(source);
  }

  changed(): void {
    const condition = this.#condition();
    if (condition.kind === "ended") return this.#over(condition);
    const { title, detail } = strings.condition(condition, this.#exam !== null);
    attribute(this.#banner, "data-kind", condition.kind);
    say(this.#bannerTitle, title);
    say(this.#bannerDetail, detail);
    this.#check?.update(this.#stay.status.phase === "open", this.#joining);
    for (const card of this.#cards) card.update();
  }

  // The views.

  #showCheck(welcome: Welcome): void {
    const mine = OWN_SOURCES.filter((source) => welcome.sources.includes(source));
    const required = mine.filter((source) => welcome.required.includes(source));
    this.#cards = mine.map((source) => new SourceCard(source, this.#capture, required.includes(source)));
    this.#check = new CheckView(this.#capture, this.#cards, required, this.#voices, () => void this.#join());
    fill(this.#body, [this.#check.element]);
    for (const source of mine) if (source !== "screen") void this.#capture.start(source);
  }

  #showExam(): void {
    this.#exam = new ExamView(this.#cards, this.#voices, {
      raiseHand: (raised) => void this.#raise(raised),
      send: (text) => this.#send(text),
      leave: () => this.#stay.leave(),
    });
    fill(this.#body, [this.#exam.element]);
    void navigator.wakeLock?.request("screen").catch(() => {
      // A comfort that browsers refuse on low battery.
    });
  }

  #over(condition: Extract<Condition, { kind: "ended" }>): void {
    this.#capture.end();
    for (const card of this.#cards) card.close();
    this.#cards = [];
    forgetLogin();
    const reason = condition.reason === "" ? "" : strings.reason(condition.reason);
    showNotice(this.root, strings.endings[condition.ending], reason);
  }

  // What is done.

  async #join(): Promise<void> {
    this.#joining = true;
    this.changed();
    await this.#stay.join();
  }

  async #raise(raised: boolean): Promise<void> {
    if ((await this.#ask("raiseHand", { raised })) === null) return;
    this.#hand = raised;
    this.#exam?.hand(raised);
  }

  async #send(text: string): Promise<boolean> {
    const answer = await this.#ask("message", { text });
    if (answer === null) return false;
    const { id, at } = read(Sent, answer, "message");
    this.#exam?.messages.add({ id, who: strings.exam.you, note: "", text, at, mine: true });
    return true;
  }

  /** Returns what the server answers, null if it did not do it; what it refuses ends in the console, where it belongs. */
  async #ask(method: string, data: object): Promise<unknown> {
    try {
      return await this.#stay.ask(method, data);
    } catch (error) {
      if (!(error instanceof DisconnectedError)) reportError(error);
      return null;
    }
  }

  #captured(source: OwnSource): void {
    const { status, track } = this.#capture.get(source);
    const settled = status !== "asking" && status !== "refused";
    if (settled || track === null) void this.#publish(source, track);
    this.changed();
  }

  async #publish(source: OwnSource, track: MediaStreamTrack | null): Promise<void> {
    try {
      await this.#stay.publisher.set(source, track);
    } catch (error) {
      // Sent as soon as the connection is back.
      if (!(error instanceof DisconnectedError)) throw error;
    }
  }

  #heard(message: Message): void {
    const { id, from, displayName, to, text, at } = message;
    const mine = from === this.#stay.welcome?.peerId;
    const note = to === null && !mine ? strings.exam.toAll : "";
    this.#exam?.messages.add({ id, who: mine ? strings.exam.you : displayName || from, note, text, at, mine });
  }

  // What is measured.

  #condition(): Condition {
    const { phase, lostAt, wasOpen, occupied, ended } = this.#stay.status;
    return conditionOf({
      ended,
      online: navigator.onLine,
      signaling: phase === "ended" ? "waiting" : phase,
      lostFor: lostAt === null ? 0 : (performance.now() - lostAt) / 1000,
      wasOpen,
      occupied,
      media: this.#stay.mediaState,
      uplink: this.#uplink,
    });
  }

  #tick(): void {
    for (const card of this.#cards) card.tick(performance.now());
  }

  /** Tells the server how thin the uplink is, and sends what it says is to be kept. */
  async #measure(): Promise<void> {
    const transport = this.#stay.transport("send");
    this.#uplink = transport === undefined ? null : await measure(transport, this.#stay.publisher.idle);
    if (this.#exam === null || this.#uplink === null || this.#uplink.available === null) return;
    // A browser begins below what gets through; that it is held back at first means nothing.
    if (performance.now() - this.#sendingSince < SETTLING) return;
    const { available, limited } = this.#uplink;
    try {
      const { sources } = read(UplinkAnswer, await this.#stay.ask("uplink", { available, limited }), "uplink");
      await this.#stay.publisher.limit(sources);
    } catch (error) {
      // Without a connection, and while the room moves to another worker, there is nothing to share out.
      const moving = error instanceof RefusedError && error.code === "not_joined";
      if (!moving && !(error instanceof DisconnectedError)) throw error;
    }
  }
}
