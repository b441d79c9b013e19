// Which candidates are on the wall: filter, search, page. Pure.

import type { Light } from "./order";
import { type Candidate, present } from "./roster";
import { matches } from "./search";

export type Filter = "all" | "problems" | "hands" | "away";
export const FILTERS: readonly Filter[] = ["all", "problems", "hands", "away"];

export interface Choice {
  readonly filter: Filter;
  readonly query: string;
  readonly page: number;
  readonly pageSize: number;
}

export interface Wall {
  /** The candidates of the page, in order. */
  readonly page: readonly Candidate[];
  /** The number of the page, which may be lower than the one that was asked for. */
  readonly number: number;
  readonly pages: number;
  /** All that match, on every page. */
  readonly found: number;
}

/** Returns what the wall shows; `ordered`: everybody, worst first. */
export function wallOf(ordered: readonly Candidate[], { filter, query, page, pageSize }: Choice): Wall {
  const found = ordered.filter((each) => passes(each, filter) && matches(query, each.id, each.name));
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  const number = Math.min(Math.max(0, page), pages - 1);
  return { page: found.slice(number * pageSize, (number + 1) * pageSize), number, pages, found: found.length };
}

/** Returns how many candidates each filter lets through. */
export function counts(all: Iterable<Candidate>): Record<Filter, number> {
  const result = { all: 0, problems: 0, hands: 0, away: 0 };
  for (const each of all) for (const filter of FILTERS) if (passes(each, filter)) result[filter] += 1;
  return result;
}

/**
 * The light a candidate is placed and shown by. The server's word counts, but a lost connection is never shown as fine,
 * and one who is here is not grey only because nothing was measured yet.
 */
export function lightOf(candidate: Candidate): Light {
  const { state, light } = candidate;
  if (!present(candidate)) return "grey";
  if (state === "lost") return "red";
  if (state === "reconnecting" && light !== "red") return "amber";
  return light === "grey" && state !== "joining" ? "green" : light;
}

/** Returns where the arrow keys lead from `index` in a grid of `count`. */
export function step(key: string, index: number, count: number, columns: number): number {
  const moves: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  };
  const wanted = index + (moves[key] ?? 0);
  return wanted < 0 || wanted >= count ? index : wanted;
}

function passes(candidate: Candidate, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return true;
    case "problems":
      return lightOf(candidate) === "red" || lightOf(candidate) === "amber";
    case "hands":
      return candidate.hand !== null;
    case "away":
      return !present(candidate);
  }
}
