// The proctor's page: brings together who is in the room, what is shown of it, and what the proctor does.

import { DisconnectedError, type RefusedError } from "../client/signal";
import { type Page, Stay } from "../client/stay";
import { type Command, commandOf } from "../lib/keys";
import type { Login } from "../lib/link";
import { Order } from "../lib/order";
import type { Notice, Peer, Source, Welcome } from "../lib/protocol";
import { after, type Candidate, present, type Roster, raisedHands, rosterOf } from "../lib/roster";
import { counts, FILTERS, type Filter, lightOf, wallOf } from "../lib/wall";
import { strings } from "../strings";
import { fill, h } from "../ui/dom";
import { forgetLogin } from "../ui/entry";
import { showNotice } from "../ui/notice";
import { Announcer } from "./announcer";
import { Bar, SOURCES } from "./bar";
import { BookmarkDialog, HelpDialog } from "./dialogs";
import { FocusView } from "./focus";
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
    addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("keyup", ({ key }) => this.#released(key));
  }

  async run(): Promise<void> {
    void this.#stay.join();
    await this.#stay.session.run();
  }

  // What the stay tells.

  welcomed(welcome: Welcome): void {
    this.#watching.hold();
    document.title = `${strings.document.title.proctor} · ${welcome.roomId}`;
    this.#views ??= this.#build(welcome.role !== "observer");
    this.#views.bar.identify(welcome.roomId, `${strings.roles[welcome.role] ?? welcome.role} ${this.#stay.name}`);
  }

  joined(peers: readonly Peer[]): void {
    this.#views?.speaking.reset();
    this.#resume(rosterOf(peers));
  }

  resumed(peers: readonly Peer[] | null): void {
    this.#resume(peers === null ? this.#roster : rosterOf(peers));
  }

  received(peerId: string, source: Source): void {
    if (source === "microphone") this.#sounds.update(this.#stay.consumers.tracks("microphone"));
    this.#wall.attach(peerId);
    if (this.#focused === peerId) this.#views?.focus.attach();
  }

  told(notice: Notice): void {
    const before = this.#roster;
    this.#roster = after(before, notice);
    if (notice.method === "message") this.#views?.side.received(notice.data);
    if (notice.method === "bookmark") {
      const { peerId, by } = notice.data;
      this.#views?.side.bookmarked(notice.data, this.#nameOf(peerId), by === this.#stay.welcome?.peerId);
    }
    if (this.#roster === before) return;
    this.#announcer.compare(before, this.#roster);
    this.#draw();
  }

  refused(source: Source, error: RefusedError): void {
    if (source === "voice") this.#announcer.say(strings.talk.refused(error.reason));
  }

  changed(): void {
    const { ended, phase, lostAt } = this.#stay.status;
    if (ended !== null) {
      forgetLogin();
      this.#views?.speaking.stop();
      showNotice(this.root, strings.endings[ended.ending], ended.reason === "" ? "" : strings.reason(ended.reason));
      return;
    }
    const lost = lostAt === null ? null : Math.floor((performance.now() - lostAt) / 1000);
    const text = phase === "open" ? "" : lost === null ? strings.link.connecting : strings.link.waiting(lost);
    this.#views?.bar.connection(text);
  }

  // What is shown.

  #build(mayAct: boolean): Views {
    const speaking = new Speaking(this.#stay.ask, this.#stay.publisher, {
      addressee: () => this.#subject(),
      nameOf: (id) => this.#nameOf(id),
      present: () => [...this.#roster.values()].filter(present).length,
      say: (text) => this.#announcer.say(text),
    });
    const bar = new Bar(mayAct ? speaking.announce : null, {
      filter: (filter) => this.#show({ filter }),
      search: (query) => this.#show({ query }),
      sources: (sources) => this.#show({ sources }),
      size: (size) => this.#show({ size }),
      turn: (pages) => this.#turn(pages),
      help: () => help.element.showModal(),
      enter: () => this.#wall.enter(),
    });
    const focus = new FocusView(this.#stay.consumers, speaking.whisper, mayAct, {
      close: () => this.#focus(null),
      listen: () => focus.setListening(!focus.listening),
      message: () => side.messages.input.focus(),
      bookmark: () => this.#bookmark(),
      moved: () => this.#watching.changed(),
    });
    const side = new Side(mayAct, { open: (id) => this.#focus(id), send: (text) => this.#send(text) });
    const bookmark = new BookmarkDialog((peerId, note) => this.#ask("bookmark", { peerId, note }));
    const help = new HelpDialog(mayAct);
    fill(this.root, [
      bar.element,
      h("main", { class: "stage" }, [speaking.onAir.element, focus.element, this.#wall.element]),
      side.element,
      bookmark.element,
      help.element,
      this.#announcer.element,
      this.#sounds.element,
    ]);
    return { bar, focus, side, speaking, bookmark, help, mayAct };
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
    if (!(await this.#ask("message", { peerId: to?.id ?? null, text }))) return false;
    this.#views?.side.sent(text, to);
    return true;
  }

  /** Returns whether the server did it. */
  async #ask(method: string, data: object): Promise<boolean> {
    try {
      await this.#stay.ask(method, data);
      return true;
    } catch (error) {
      if (!(error instanceof DisconnectedError)) reportError(error);
      return false;
    }
  }

  #pressed(event: KeyboardEvent): void {
    const views = this.#views;
    if (views === null || document.querySelector("dialog[open]") !== null) return;
    const command = commandOf(event, isField(event.target), views.help.letters);
    if (command === null) return;
    if (command !== "back" || this.#focused !== null || isField(event.target)) event.preventDefault();
    if (views.mayAct || !ACTING.has(command)) this.#do(command, views);
  }

  #released(key: string): void {
    if (key === "w") this.#views?.speaking.up("whisper");
    if (key === "a") this.#views?.speaking.up("announce");
  }

  #do(command: Command, views: Views): void {
    const commands: Record<Command, () => void> = {
      search: () => views.bar.search.select(),
      back: () => this.#back(views),
      whisper: () => views.speaking.down("whisper"),
      announce: () => views.speaking.down("announce"),
      message: () => views.side.messages.input.focus(),
      bookmark: () => this.#bookmark(),
      listen: () => views.focus.setListening(!views.focus.listening),
      hand: () => this.#focus(raisedHands(this.#roster)[0]?.id ?? this.#focused),
      next: () => this.#turn(1),
      previous: () => this.#turn(-1),
      filter: () => this.#show({ filter: following(FILTERS, this.#filter) }),
      sources: () => this.#show({ sources: following(SOURCES, this.#sources) }),
      help: () => views.help.element.showModal(),
    };
    commands[command]();
  }

  /** Leaves the field, then the focus, then the search. */
  #back(views: Views): void {
    if (isField(document.activeElement)) {
      if (document.activeElement === views.bar.search && this.#query !== "") this.#clearSearch(views);
      return this.#wall.enter();
    }
    if (this.#focused !== null) return this.#focus(null);
    this.#clearSearch(views);
  }

  #clearSearch(views: Views): void {
    views.bar.search.value = "";
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
  readonly bookmark: BookmarkDialog;
  readonly help: HelpDialog;
  readonly mayAct: boolean;
}

const ACTING: ReadonlySet<Command> = new Set(["whisper", "announce", "message", "bookmark"]);

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, textarea, select");
}

function following<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length] ?? one;
}
