// Sound levels as a meter shows them: in decibels, up at once, down slowly. Times are arguments, in milliseconds.

const FLOOR = -50;
const FALL = 1.4;

/** Returns a linear level (1: full scale) as the part of a meter that is lit, 0 to 1. */
export function lit(level: number): number {
  if (!(level > 0)) return 0;
  const decibels = 20 * Math.log10(Math.min(1, level));
  return Math.max(0, 1 - decibels / FLOOR);
}

/** Returns the root mean square of samples. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length ? Math.sqrt(sum / samples.length) : 0;
}

/** Follows a level. */
export class Needle {
  #value = 0;
  #at = 0;

  /** Takes a level and returns where the needle is. */
  move(level: number, now: number): number {
    const fallen = this.#value - ((now - this.#at) / 1000) * FALL;
    this.#at = now;
    this.#value = Math.max(lit(level), fallen, 0);
    return this.#value;
  }
}
