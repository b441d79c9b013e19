// What a proctor's page tells the server it shows: one list of sources with the sizes they are shown at, from which the
// server chooses what to send. Sizes are in device pixels, rounded up so that a small change of layout is none.

import type { Source } from "./protocol";
import type { Candidate, Roster } from "./roster";

export interface View {
  readonly peerId: string;
  readonly source: Source;
  readonly width: number;
  readonly height: number;
  readonly focus?: true;
}

/** A place on the page where a source is shown, or would be. Sizes in CSS pixels; sound has none. */
export interface Spot {
  readonly peerId: string;
  readonly source: Source;
  readonly width: number;
  readonly height: number;
  readonly focus: boolean;
}

const STEP = 16;

/** Returns the views of all spots whose source is there; of two spots for one source the larger counts. */
export function viewsOf(spots: Iterable<Spot>, roster: Roster, pixelRatio: number): View[] {
  const views = new Map<string, View>();
  for (const spot of spots) {
    if (!roster.get(spot.peerId)?.sources.has(spot.source)) continue;
    const key = `${spot.peerId} ${spot.source}`;
    const before = views.get(key);
    const view = {
      peerId: spot.peerId,
      source: spot.source,
      width: Math.max(before?.width ?? 0, rounded(spot.width * pixelRatio)),
      height: Math.max(before?.height ?? 0, rounded(spot.height * pixelRatio)),
    };
    views.set(key, spot.focus || before?.focus ? { ...view, focus: true } : view);
  }
  return [...views.values()];
}

/** Whether two lists say the same. */
export function same(one: readonly View[], other: readonly View[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Returns the sources a tile shows, largest first. `wanted`: what the wall is set to. */
export function shown(candidate: Candidate, wanted: "camera" | "screen" | "both"): Source[] {
  const has = (source: Source) => candidate.sources.has(source);
  if (wanted === "both") return (["screen", "camera"] as const).filter(has);
  return has(wanted) ? [wanted] : [];
}

function rounded(pixels: number): number {
  return Math.ceil(pixels / STEP) * STEP;
}
