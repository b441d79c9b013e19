// The wall: as many tiles as the page has, as large as they fit, walked through with the arrow keys.

import type { Consumers } from "../client/consumers";
import { fit } from "../lib/grid";
import type { Candidate } from "../lib/roster";
import type { Spot } from "../lib/views";
import { step } from "../lib/wall";
import { strings } from "../strings";
import { arrange, h, say } from "../ui/dom";
import { Tile, type WallSources } from "./tile";

const GAP = 6;
const FOOTER = 24;
const LEAST = 132;
/** How long after somebody touched the wall its order is left alone. */
const HELD = 4000;

export interface WallActions {
  open(id: string): void;
  /** What is in sight, or its size, changed. */
  moved(): void;
}

export class WallView {
  readonly #empty = h("p", { class: "wall-empty" }, strings.wall.waiting);
  readonly #list = h("ul", { class: "wall-list", "aria-label": strings.wall.label });
  readonly element = h("div", { class: "wall" }, [this.#empty, this.#list]);
  readonly #tiles = new Map<string, Tile>();
  readonly #seen: IntersectionObserver;
  #order: readonly string[] = [];
  #current = "";
  #columns = 1;
  #heldUntil = 0;
  /** In a row below the focus instead of filling the page. */
  #strip = false;

  constructor(
    private readonly consumers: Consumers,
    private readonly actions: WallActions,
  ) {
    this.#seen = new IntersectionObserver((entries) => this.#sighted(entries), { root: this.element });
    new ResizeObserver(() => this.#resized()).observe(this.element);
    this.#list.addEventListener("keydown", (event) => this.#walk(event));
    this.#list.addEventListener("focusin", ({ target }) => this.#focused(target));
    for (const touched of ["pointerdown", "keydown"]) this.element.addEventListener(touched, () => this.#hold());
  }

  /** Whether somebody is at it just now, so that nothing should move under their hands. */
  held(now: number): boolean {
    return now < this.#heldUntil;
  }

  /** When it is let go. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** The candidate the keyboard is at, if it is at the wall. */
  get current(): string | null {
    return this.#list.contains(document.activeElement) ? this.#current : null;
  }

  /** `anybody`: whether there are candidates at all, if perhaps none that are looked for. */
  update(page: readonly Candidate[], wanted: WallSources, focused: string | null, anybody: boolean): void {
    const ids = new Set(page.map(({ id }) => id));
    for (const [id, tile] of this.#tiles) if (!ids.has(id)) this.#remove(id, tile);
    for (const candidate of page) this.#tile(candidate).update(candidate, wanted, candidate.id === focused);
    this.#order = page.map(({ id }) => id);
    arrange(
      this.#list,
      page.map((candidate) => this.#tile(candidate).element),
    );
    if (!ids.has(this.#current)) this.#current = this.#order[0] ?? "";
    for (const tile of this.#tiles.values()) tile.button.tabIndex = tile.id === this.#current ? 0 : -1;
    this.#empty.hidden = page.length > 0;
    say(this.#empty, anybody ? strings.wall.empty : strings.wall.waiting);
    this.#layout();
  }

  /** Lies in one row below the focus, or fills the page again. */
  setStrip(strip: boolean): void {
    this.#strip = strip;
    this.element.classList.toggle("wall-strip", strip);
    this.#layout();
  }

  attach(peerId: string): void {
    this.#tiles.get(peerId)?.attach();
  }

  attachAll(): void {
    for (const tile of this.#tiles.values()) tile.attach();
  }

  spots(): Spot[] {
    return [...this.#tiles.values()].flatMap((tile) => tile.spots());
  }

  tick(now: number): void {
    for (const tile of this.#tiles.values()) if (tile.visible) tile.tick(now);
  }

  look(now: number): void {
    for (const tile of this.#tiles.values()) if (tile.visible) tile.look(now);
  }

  /** Takes the keyboard to a candidate on the page. */
  goTo(id: string): void {
    this.#tiles.get(id)?.button.focus();
  }

  /** Takes the keyboard to where it was. */
  enter(): void {
    this.goTo(this.#current);
  }

  #tile(candidate: Candidate): Tile {
    const known = this.#tiles.get(candidate.id);
    if (known !== undefined) return known;
    const tile = new Tile(candidate, this.consumers, (id) => this.actions.open(id));
    this.#tiles.set(candidate.id, tile);
    this.#seen.observe(tile.element);
    return tile;
  }

  #remove(id: string, tile: Tile): void {
    this.#seen.unobserve(tile.element);
    this.#tiles.delete(id);
  }

  #walk(event: KeyboardEvent): void {
    const index = this.#order.indexOf(this.#current);
    const columns = this.#strip ? this.#order.length : this.#columns;
    const next = this.#order[step(event.key, index, this.#order.length, columns)];
    if (next === undefined || next === this.#current) return;
    event.preventDefault();
    this.goTo(next);
  }

  #focused(target: EventTarget | null): void {
    for (const tile of this.#tiles.values()) {
      if (tile.button !== target) continue;
      this.#current = tile.id;
      this.#hold();
    }
    for (const tile of this.#tiles.values()) tile.button.tabIndex = tile.id === this.#current ? 0 : -1;
  }

  #hold(): void {
    this.#heldUntil = performance.now() + HELD;
  }

  #sighted(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(target.getAttribute("data-peer") ?? "");
      if (tile !== undefined && tile.element === target) tile.visible = isIntersecting;
    }
    this.actions.moved();
  }

  #resized(): void {
    this.#layout();
    this.actions.moved();
  }

  #layout(): void {
    const { clientWidth, clientHeight } = this.element;
    const room = { width: clientWidth, height: clientHeight, gap: GAP, footer: FOOTER, aspect: 16 / 9, least: LEAST };
    const grid = fit(this.#order.length, room);
    this.#columns = grid.columns;
    this.#list.style.setProperty("--columns", String(grid.columns));
    this.#list.style.setProperty("--tile", `${this.#strip ? LEAST : grid.width}px`);
  }
}
