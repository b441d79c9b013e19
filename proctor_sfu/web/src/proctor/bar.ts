// Above the wall: the room and its connection, filters with their counts, search, what tiles show, and paging.

import { FILTERS, type Filter, type Wall } from "../lib/wall";
import { strings } from "../strings";
import { attribute, fill, h, say } from "../ui/dom";
import { icon } from "../ui/icons";
import { key } from "./focus";
import type { WallSources } from "./tile";

export const SOURCES: readonly WallSources[] = ["camera", "screen", "both"];
export const SIZES = [6, 12, 20, 30, 48] as const;

export interface BarActions {
  filter(filter: Filter): void;
  search(query: string): void;
  sources(sources: WallSources): void;
  size(size: number): void;
  turn(pages: number): void;
  help(): void;
  /** For a lead: says who watches whom. */
  assign(): void;
  /** Enter in the search field: on to what was found. */
  enter(): void;
}

export class Bar {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  readonly #room = h("h1", { class: "bar-room" });
  readonly #role = h("span", { class: "muted" });
  readonly #link = h("span", { class: "bar-link", role: "status" });
  readonly #filters = new Map<Filter, { button: HTMLButtonElement; count: HTMLElement }>();
  readonly #sources = new Map<WallSources, HTMLButtonElement>();
  readonly #size: HTMLSelectElement;
  readonly #range = h("span", { class: "bar-range" });
  readonly #previous: HTMLButtonElement;
  readonly #next: HTMLButtonElement;

  constructor(
    announce: HTMLButtonElement | null,
    leads: boolean,
    private readonly actions: BarActions,
  ) {
    const texts = strings.bar;
    this.search = h("input", {
      class: "bar-search",
      type: "search",
      placeholder: texts.search,
      "aria-label": texts.search,
      autocomplete: "off",
      spellcheck: "false",
    });
    this.search.addEventListener("input", () => actions.search(this.search.value));
    this.search.addEventListener("keydown", ({ key: pressed }) => pressed === "Enter" && actions.enter());
    this.#size = h(
      "select",
      { class: "select bar-size", "aria-label": texts.size },
      SIZES.map((size) => h("option", { value: size }, texts.tiles(size))),
      { change: () => actions.size(Number(this.#size.value)) },
    );
    this.#previous = turn("back", texts.previous, () => actions.turn(-1));
    this.#next = turn("forward", texts.next, () => actions.turn(1));
    const help = h(
      "button",
      { class: "button button-icon button-quiet", type: "button", "aria-label": strings.help.title },
      [icon("help")],
      {
        click: () => actions.help(),
      },
    );
    this.element = h("header", { class: "bar" }, [
      h("div", { class: "bar-row" }, [
        this.#room,
        this.#role,
        this.#link,
        h("label", { class: "bar-find" }, [icon("search"), this.search, key("/")]),
        announce,
        leads &&
          h("button", { class: "button", type: "button" }, strings.assign.open, { click: () => actions.assign() }),
        help,
      ]),
      h("div", { class: "bar-row" }, [
        h(
          "div",
          { class: "chips", role: "group", "aria-label": texts.filter },
          FILTERS.map((each) => this.#filter(each)),
        ),
        h(
          "div",
          { class: "segments", role: "group", "aria-label": texts.shows },
          SOURCES.map((each) => this.#source(each)),
        ),
        this.#size,
        h("nav", { class: "pager", "aria-label": texts.pages }, [this.#previous, this.#range, this.#next]),
      ]),
    ]);
  }

  /** Says where we are and who. */
  identify(room: string, role: string): void {
    say(this.#room, strings.room(room));
    say(this.#role, role);
  }

  /** Says how the connection is; an empty text: well. */
  connection(text: string): void {
    say(this.#link, text);
    attribute(this.#link, "data-trouble", text !== "");
  }

  update(
    filter: Filter,
    counts: Readonly<Record<Filter, number>>,
    sources: WallSources,
    size: number,
    wall: Wall,
  ): void {
    for (const [each, { button, count }] of this.#filters) {
      attribute(button, "aria-pressed", String(each === filter));
      attribute(button, "data-any", counts[each] > 0);
      say(count, String(counts[each]));
    }
    for (const [each, button] of this.#sources) attribute(button, "aria-pressed", String(each === sources));
    this.#size.value = String(size);
    const first = wall.number * size + 1;
    const last = wall.number * size + wall.page.length;
    say(this.#range, wall.found === 0 ? strings.bar.none : strings.bar.range(first, last, wall.found));
    this.#previous.disabled = wall.number === 0;
    this.#next.disabled = wall.number >= wall.pages - 1;
  }

  #filter(filter: Filter): HTMLButtonElement {
    const count = h("span", { class: "chip-count" });
    const button = h("button", { class: `chip chip-${filter}`, type: "button" }, [strings.bar.filters[filter], count], {
      click: () => this.actions.filter(filter),
    });
    this.#filters.set(filter, { button, count });
    return button;
  }

  #source(sources: WallSources): HTMLButtonElement {
    const button = h("button", { class: "segment", type: "button" }, strings.bar.sources[sources], {
      click: () => this.actions.sources(sources),
    });
    this.#sources.set(sources, button);
    return button;
  }
}

function turn(name: "back" | "forward", label: string, act: () => void): HTMLButtonElement {
  const button = h("button", { class: "button button-icon", type: "button", "aria-label": label }, [], { click: act });
  fill(button, [icon(name)]);
  return button;
}
