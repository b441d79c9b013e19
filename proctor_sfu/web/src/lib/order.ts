// The order of the wall: worst first, yet calm. A tile moves up only when its trouble has lasted a moment, and down
// only when it has been well for a while; within a group nobody jumps ahead of those who are there already.
// Times are arguments, in milliseconds.

export type Light = "red" | "amber" | "green" | "grey";

export interface Ranked {
  readonly id: string;
  readonly name: string;
  readonly light: Light;
}

interface Place {
  light: Light;
  /** Counts up with every move to another group. */
  entered: number;
  /** Since when its light has been another than the one it is placed by. */
  differs: number | null;
}

const RANK: Record<Light, number> = { red: 0, amber: 1, green: 2, grey: 3 };
export const WORSE_AFTER = 1500;
export const BETTER_AFTER = 15_000;

const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export class Order {
  readonly #places = new Map<string, Place>();
  #ids: readonly string[] = [];
  #count = 0;
  #due: number | null = null;

  /** When `update` has to be called again although nothing changed; null: not at all, or when no longer held. */
  get due(): number | null {
    return this.#due;
  }

  /**
   * Returns the ids in order; the same array as long as nothing moved. While `held`, tiles that are there keep their
   * places, newcomers come last and those who went are taken out.
   */
  update(all: readonly Ranked[], now: number, held = false): readonly string[] {
    const present = new Map(all.map((each) => [each.id, each]));
    for (const id of this.#places.keys()) if (!present.has(id)) this.#places.delete(id);
    this.#due = null;
    for (const each of all) this.#settle(each, now, held);
    const ids = held
      ? this.#kept(present)
      : [...present.values()].sort((a, b) => this.#compare(a, b)).map(({ id }) => id);
    if (ids.length !== this.#ids.length || ids.some((id, index) => id !== this.#ids[index])) this.#ids = ids;
    return this.#ids;
  }

  #settle(each: Ranked, now: number, held: boolean): void {
    const place = this.#places.get(each.id);
    if (place === undefined) {
      this.#places.set(each.id, { light: each.light, entered: this.#count++, differs: null });
      return;
    }
    if (place.light === each.light) {
      place.differs = null;
      return;
    }
    place.differs ??= now;
    const due = place.differs + (RANK[each.light] < RANK[place.light] ? WORSE_AFTER : BETTER_AFTER);
    if (now >= due && !held) {
      Object.assign(place, { light: each.light, entered: this.#count++, differs: null });
    } else if (!held) {
      this.#due = Math.min(this.#due ?? Number.POSITIVE_INFINITY, due);
    }
  }

  #kept(present: ReadonlyMap<string, Ranked>): string[] {
    const known = new Set(this.#ids);
    return [...this.#ids.filter((id) => present.has(id)), ...[...present.keys()].filter((id) => !known.has(id))];
  }

  #compare(a: Ranked, b: Ranked): number {
    const [one, other] = [this.#places.get(a.id), this.#places.get(b.id)];
    if (one === undefined || other === undefined) return 0;
    if (one.light !== other.light) return RANK[one.light] - RANK[other.light];
    const inTrouble = one.light === "red" || one.light === "amber";
    return (inTrouble ? one.entered - other.entered : names.compare(a.name, b.name)) || (a.id < b.id ? -1 : 1);
  }
}
