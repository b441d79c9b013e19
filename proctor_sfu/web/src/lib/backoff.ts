// How long to wait before the next attempt: exponential with full jitter, so that a room of candidates whose server
// restarted does not return in one second. Randomness is an argument.

export interface Pace {
  /** Milliseconds; the first wait is at most this. */
  readonly base: number;
  /** Milliseconds; no wait is longer. */
  readonly cap: number;
}

/** Already the first wait spreads a full room over several seconds; media flow on meanwhile. */
const BASE = 5000;
const LONGEST = 15_000;
const TRIES_IN_GRACE = 5;

/** Returns the pace of attempts: while the server still holds our place, several tries must fit into its grace. */
export function pace(graceSeconds: number, secondsLost: number): Pace {
  const held = secondsLost < graceSeconds;
  const cap = held ? Math.min(LONGEST, (graceSeconds * 1000) / TRIES_IN_GRACE) : LONGEST;
  return { base: Math.min(BASE, cap), cap };
}

/** Returns the milliseconds to wait before attempt number `attempt`, which counts from 0. */
export function delay(attempt: number, { base, cap }: Pace, random: () => number): number {
  return random() * Math.min(cap, base * 2 ** Math.min(attempt, 30));
}
