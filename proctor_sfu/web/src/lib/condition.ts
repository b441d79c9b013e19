// How a candidate's connection is told in plain words: what is the matter, and what there is to do, if anything.

import type { Ending } from "./closing";
import type { MediaState } from "./recovery";

export type Condition =
  | { readonly kind: "ended"; readonly ending: Ending; readonly reason: string }
  | { readonly kind: "connecting" }
  | { readonly kind: "offline" }
  | { readonly kind: "occupied" }
  | { readonly kind: "reconnecting"; readonly seconds: number }
  | { readonly kind: "restoring" }
  | { readonly kind: "weak" }
  | { readonly kind: "good" };

export interface Facts {
  readonly ended: { readonly ending: Ending; readonly reason: string } | null;
  /** Whether the browser believes it has a network at all. */
  readonly online: boolean;
  readonly signaling: "connecting" | "open" | "waiting";
  /** Seconds since signaling was lost. */
  readonly lostFor: number;
  readonly wasOpen: boolean;
  readonly occupied: boolean;
  readonly media: MediaState;
  readonly uplink: Uplink | null;
}

/** What the browser knows about what it sends. */
export interface Uplink {
  /** 0 to 1. */
  readonly loss: number;
  /** Seconds. */
  readonly roundTrip: number;
}

const BROKEN: ReadonlySet<MediaState> = new Set(["connecting", "disconnected", "failed"]);
const BAD_LOSS = 0.08;
const BAD_ROUND_TRIP = 0.6;

/** Returns the condition; the worst fact decides. */
export function conditionOf(facts: Facts): Condition {
  if (facts.ended) return { kind: "ended", ...facts.ended };
  if (facts.signaling !== "open") {
    if (!facts.online) return { kind: "offline" };
    if (facts.occupied) return { kind: "occupied" };
    return facts.wasOpen ? { kind: "reconnecting", seconds: Math.floor(facts.lostFor) } : { kind: "connecting" };
  }
  if (BROKEN.has(facts.media)) return { kind: "restoring" };
  if (facts.media === "starting") return { kind: "connecting" };
  const uplink = facts.uplink;
  if (uplink && (uplink.loss > BAD_LOSS || uplink.roundTrip > BAD_ROUND_TRIP)) return { kind: "weak" };
  return { kind: "good" };
}
