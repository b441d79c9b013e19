// The proctor's page: brings together who is in the room, what is shown of it, and what the proctor does.

import { DisconnectedError, type RefusedError } from "../client/errors";
import { type Page, Stay } from "../client/stay";
import type { Login } from "../lib/link";
import { Order } from "../lib/order";
import {
  type Bookmark,
  type Joined,
  type Message,
  type Notice,
  read,
  Sent,
  type Source,
  type Welcome,
} from "../lib/protocol";
import { after, type Candidate, pausing, present, type Roster, raisedHands, rosterOf } from "../lib/roster";
import { counts, FILTERS, type Filter, lightOf, wallOf } from "../lib/wall";
import { strings } from "../strings";
import { fill, h } from "../ui/dom";
import { forgetLogin } from "../ui/entry";
import { showNotice } from "../ui/notice";
import { Announcer } from "./announcer";
import { AssignDialog } from "./assigning";
import { Bar, SOURCES } from "./bar";
import { HelpDialog, NoteDialog } from "./dialogs";
import { FocusView } from "./focus";
import { isField, Keyboard, type KeyboardPage } from "./keyboard";
import { Side } from "./side";
import { Sounds } from "./sounds";
import { Speaking } from "./speaking";
import type { WallSources } from "./tile";
import { WallView } from "./wall";
import { Watching } from "./watching";

const METER_EVERY = 100;
const SECOND = 1000;

export class ProctorPage implements Page {
  readonly #stay: Stay;
  readonly #order = new Order();
  readonly #announcer = new Announcer();
  readonly #sounds = new Sounds();
  readonly #watching: Watching;
  readonly #wall: WallView;
  #views: Views | null = null;
  #roster: Roster = new Map();
  #filter: Filter = "all";
  #query = "";
  #sources: WallSources = "camera";
  #size = 20;
  #pageNumber = 0;
  #focused: string | null = null;
  #drawing = 0;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: Element,
    login: Login,
  ) {
    this.#stay = new Stay(login, this, {
      directions: ({ role }) => (role === "observer" ? ["recv"] : ["send", "recv"]),
    });
    this.#watching = new Watching(this.#stay.ask, () => ({ spots: this.#spots(), roster: this.#roster }));
    this.#wall = new WallView(this.#stay.consumers, {
      open: (id) => this.#focus(id),
      moved: () => this.#watching.changed(),
    });
    setInterval(() => this.#tick(), METER_EVERY);
    setInterval(() => this.#look(), SECOND);
    addEventListener("pagehide", () => this.#stay.session.depart());
  }

  async run(): Promise<void> {
    this.changed();
    void this.#stay.join();
    await this.#stay.session.run();
  }

  // What the stay tells.

  welcomed(welcome: Welcome): void {
    this.#watching.hold();
    document.title = `${strings.document.title.proctor} · ${welcome.roomId}`;
    this.#views ??= this.#build(welcome.role !== "observer", welcome.role === "lead");
    this.#views.bar.identify(welcome.roomId, `${strings.roles[welcome.role] ?? welcome.role} ${this.#stay.name}`);
  }

  entering(): void {
    this.#watching.hold();
  }

  joined(answer: Joined): void {
    this.#views?.speaking.reset();
    this.#resume(rosterOf(answer.peers));
    this.#catchUp(answer);
  }

  resumed(welcome: Welcome | null): void {
    this.#resume(welcome === null ? this.#roster : rosterOf(welcome.peers));
    if (welcome === null) return;
    this.#views?.speaking.resumed();
    this.#catchUp(welcome);
  }

  /** Shows what was said, of which the page may have some already. */
  #catchUp({ messages, bookmarks }: Pick<Joined, "messages" | "bookmarks">): void {
    const written = messages.map((each) => ({ at: each.at, show: () => this.#wrote(each) }));
    const noted = bookmarks.map((each) => ({ at: each.at, show: () => this.#noted(each) }));
    const entries = [...written, ...noted].sort((one, other) => one.at.getTime() - other.at.getTime());
    for (const { show } of entries) show();
  }

  received(peerId: string, source: Source): void {
    const paused = this.#stay.consumers.paused(peerId, source);
    if (paused !== undefined && this.#candidate(peerId)?.paused.has(source) !== paused) {
      this.#roster = pausing(this.#roster, peerId, source, paused);
      this.#draw();
    }
    if (source === "microphone") this.#sounds.update(this.#stay.consumers.tracks("microphone"));
    this.#wall.attach(peerId);
    if (this.#focused === peerId) this.#views?.focus.attach();
  }

  told(notice: Notice): void {
    const before = this.#roster;
    this.#roster = after(before, notice);
    if (notice.method === "consumerPaused" || notice.method === "consumerResumed") this.#paused(notice);
    if (notice.method === "message") this.#wrote(notice.data);
    if (notice.method === "bookmark") this.#noted(notice.data);
    if (this.#roster === before) return;
    this.#announcer.compare(before, this.#roster);
    this.#draw();
  }

  #wrote(message: Message): void {
    const to = message.to === null ? null : { id: message.to, name: this.#nameOf(message.to) };
    this.#views?.side.wrote(message, to, message.from === this.#stay.welcome?.peerId);
  }

  #noted(bookmark: Bookmark): void {
    const own = bookmark.by === this.#stay.welcome?.peerId;
    this.#views?.side.bookmarked(bookmark, this.#nameOf(bookmark.peerId), own);
  }

  #paused({ method, data }: Extract<Notice, { method: "consumerPaused" | "consumerResumed" }>): void {
    const found = this.#stay.consumers.find(data.consumerId);
    if (found === undefined) return;
    this.#roster = pausing(this.#roster, found.peerId, found.source, method === "consumerPaused");
  }

  refused(source: Source, error: RefusedError): void {
    if (source === "voice") this.#announcer.say(strings.talk.refused(error.reason));
  }

  changed(): void {
    const { ended, phase, lostAt, occupied } = this.#stay.status;
    if (ended !== null) {
      forgetLogin();
      this.#views?.speaking.stop();
      showNotice(this.root, strings.endings[ended.ending], ended.reason === "" ? "" : strings.reason(ended.reason));
      return;
    }
    const lost = lostAt === null ? null : Math.floor((performance.now() - lostAt) / 1000);
    const away = occupied
      ? strings.link.occupied
      : lost === null
        ? strings.link.connecting
        : strings.link.waiting(lost);
    const text = phase === "open" ? "" : away;
    if (this.#views === null) showNotice(this.root, { title: text, detail: "" });
    else this.#views.bar.connection(text);
  }

  // What is shown.

  #build(mayAct: boolean, leads: boolean): Views {
    const speaking = new Speaking(this.#stay.ask, this.#stay.publisher, {
      addressee: () => this.#subject(),
      nameOf: (id) => this.#nameOf(id),
      present: () => [...this.#roster.values()].filter(present).length,
      say: (text) => this.#announcer.say(text),
    });
    const bar = new Bar(mayAct ? speaking.announce : null, leads, {
      filter: (filter) => this.#show({ filter }),
      search: (query) => this.#show({ query }),
      sources: (sources) => this.#show({ sources }),
      size: (size) => this.#show({ size }),
      turn: (pages) => this.#turn(pages),
      help: () => help.element.showModal(),
      assign: () => void assigning.open(),
      enter: () => this.#wall.enter(),
    });
    const focus = new FocusView(this.#stay.consumers, speaking.whisper, mayAct, leads, {
      close: () => this.#focus(null),
      listen: () => focus.setListening(!focus.listening),
      message: () => side.messages.input.focus(),
      bookmark: () => this.#bookmark(),
      dismiss: () => this.#focused !== null && kick.open(this.#focused, this.#nameOf(this.#focused)),
      pause: (source, paused) => void this.#ask("pausePeer", { peerId: this.#focused, source, paused }),
      moved: () => this.#watching.changed(),
    });
    const side = new Side(mayAct, { open: (id) => this.#focus(id), send: (text) => this.#send(text) });
    const bookmark = new NoteDialog(strings.bookmark, (peerId, note) => this.#did("bookmark", { peerId, note }));
    const kick = new NoteDialog(strings.kick, (peerId, reason) => this.#did("kick", { peerId, reason }));
    const help = new HelpDialog(mayAct);
    const assigning = new AssignDialog(this.#stay.ask, () => this.#roster);
    fill(this.root, [
      bar.element,
      h("main", { class: "stage" }, [speaking.onAir.element, focus.element, this.#wall.element]),
      side.element,
      bookmark.element,
      kick.element,
      help.element,
      leads && assigning.element,
      this.#announcer.element,
      this.#sounds.element,
    ]);
    new Keyboard({
      commands: this.#commands(bar, focus, side, speaking, help),
      mayAct,
      letters: () => help.letters,
      leaves: () => this.#focused !== null,
      released: (way, at) => speaking.up(way, at),
    });
    return { bar, focus, side, speaking, bookmark };
  }

  /** Draws once before the next frame, however much changed until then. */
  #draw(): void {
    if (this.#drawing !== 0) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    const views = this.#views;
    if (views === null) return;
    const now = performance.now();
    const held = this.#wall.held(now);
    const ranked = [...this.#roster.values()].map((each) => ({ id: each.id, name: each.name, light: lightOf(each) }));
    const ordered = this.#order.update(ranked, now, held).flatMap((id) => this.#roster.get(id) ?? []);
    const wall = wallOf(ordered, {
      filter: this.#filter,
      query: this.#query,
      page: this.#pageNumber,
      pageSize: this.#size,
    });
    this.#pageNumber = wall.number;
    const focused = this.#candidate(this.#focused);
    views.bar.update(this.#filter, counts(this.#roster.values()), this.#sources, this.#size, wall);
    views.focus.update(focused);
    views.side.update(this.#roster, focused);
    this.#wall.setStrip(focused !== null);
    this.#wall.update(wall.page, this.#sources, this.#focused, this.#roster.size > 0);
    this.#watching.changed();
    this.#drawLater(held ? this.#wall.heldUntil : this.#order.due, now);
  }

  #drawLater(due: number | null, now: number): void {
    clearTimeout(this.#later);
    if (due !== null) this.#later = setTimeout(() => this.#draw(), Math.max(0, due - now) + 1);
  }

  #resume(roster: Roster): void {
    this.#roster = roster;
    this.#wall.attachAll();
    this.#views?.focus.attach();
    this.#watching.begin();
    this.changed();
    this.#draw();
  }

  #spots() {
    return [...this.#wall.spots(), ...(this.#views?.focus.spots() ?? [])];
  }

  #tick(): void {
    const now = performance.now();
    this.#wall.tick(now);
    this.#views?.focus.tick(now);
    this.#views?.speaking.tick(now);
  }

  #look(): void {
    const now = performance.now();
    this.#wall.look(now);
    this.#views?.focus.look(now);
    if (this.#stay.status.phase !== "open") this.changed();
  }

  // What the proctor does.

  #show(choice: Partial<{ filter: Filter; query: string; sources: WallSources; size: number }>): void {
    this.#filter = choice.filter ?? this.#filter;
    this.#query = choice.query ?? this.#query;
    this.#sources = choice.sources ?? this.#sources;
    this.#size = choice.size ?? this.#size;
    if (choice.sources === undefined) this.#pageNumber = 0;
    this.#draw();
  }

  #turn(pages: number): void {
    this.#pageNumber += pages;
    this.#draw();
  }

  #focus(id: string | null): void {
    const before = this.#focused;
    this.#focused = id;
    this.#drawNow();
    if (id === null && before !== null) this.#wall.goTo(before);
  }

  #bookmark(): void {
    const id = this.#subject();
    if (id === null) return this.#announcer.say(strings.talk.nobody);
    this.#views?.bookmark.open(id, this.#nameOf(id));
  }

  async #send(text: string): Promise<boolean> {
    const to = this.#candidate(this.#focused);
    const answer = await this.#ask("message", { peerId: to?.id ?? null, text });
    if (answer === null) return false;
    const { id, at } = read(Sent, answer, "message");
    this.#wrote({
      id,
      at,
      text,
      from: this.#stay.welcome?.peerId ?? "",
      displayName: "",
      role: "",
      to: to?.id ?? null,
    });
    return true;
  }

  /** Returns what the server answers, null if it did not do it. */
  async #ask(method: string, data: object): Promise<unknown> {
    try {
      return await this.#stay.ask(method, data);
    } catch (error) {
      if (!(error instanceof DisconnectedError)) reportError(error);
      return null;
    }
  }

  /** Returns whether the server did it. */
  async #did(method: string, data: object): Promise<boolean> {
    return (await this.#ask(method, data)) !== null;
  }

  #commands(bar: Bar, focus: FocusView, side: Side, speaking: Speaking, help: HelpDialog): KeyboardPage["commands"] {
    return {
      search: () => bar.search.select(),
      back: () => this.#back(bar),
      whisper: (at) => speaking.down("whisper", at),
      announce: (at) => speaking.down("announce", at),
      message: () => side.messages.input.focus(),
      bookmark: () => this.#bookmark(),
      listen: () => focus.setListening(!focus.listening),
      hand: () => this.#focus(raisedHands(this.#roster)[0]?.id ?? this.#focused),
      next: () => this.#turn(1),
      previous: () => this.#turn(-1),
      filter: () => this.#show({ filter: following(FILTERS, this.#filter) }),
      sources: () => this.#show({ sources: following(SOURCES, this.#sources) }),
      help: () => help.element.showModal(),
    };
  }

  /** Leaves the field, then the focus, then the search. */
  #back(bar: Bar): void {
    if (isField(document.activeElement)) {
      if (document.activeElement === bar.search && this.#query !== "") this.#clearSearch(bar);
      return this.#wall.enter();
    }
    if (this.#focused !== null) return this.#focus(null);
    this.#clearSearch(bar);
  }

  #clearSearch(bar: Bar): void {
    bar.search.value = "";
    this.#show({ query: "" });
  }

  /** Whom a whisper or a bookmark is about: who is in focus, else whom the keyboard is at. */
  #subject(): string | null {
    return this.#focused ?? this.#wall.current;
  }

  #candidate(id: string | null): Candidate | null {
    return id === null ? null : (this.#roster.get(id) ?? null);
  }

  #nameOf(id: string): string {
    return this.#roster.get(id)?.name ?? id;
  }
}

interface Views {
  readonly bar: Bar;
  readonly focus: FocusView;
  readonly side: Side;
  readonly speaking: Speaking;
  readonly bookmark: NoteDialog;
}

function following<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length] ?? one;
}
