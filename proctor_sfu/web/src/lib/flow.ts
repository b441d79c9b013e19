// What of a source's layers is sent to this page, and what its owner sends to the server, if it is not paused.

export class Flow {
  /** The layer that is sent, null: nothing; undefined: it has none. */
  #sent: number | null | undefined;
  /** The highest layer that reaches the server, -1: none. */
  #best: number;

  /** `scores`: how well each layer reaches the server, 0: not at all; `paused`: whether its owner or a lead paused it. */
  constructor(
    layered: boolean,
    scores: readonly number[],
    public paused = false,
  ) {
    this.#sent = layered ? null : undefined;
    this.#best = best(scores);
  }

  /** Another layer is sent, null: nothing. */
  send(layer: number | null): void {
    if (this.#sent !== undefined) this.#sent = layer;
  }

  /** The layers reach the server like this now. */
  reach(scores: readonly number[]): void {
    this.#best = best(scores);
  }

  /** Whether nothing is sent because the way to this page does not carry it. */
  get starved(): boolean {
    return this.#sent === null && this.#best >= 0;
  }

  /** Whether there is a higher layer than the one that is sent. */
  get reduced(): boolean {
    return typeof this.#sent === "number" && this.#sent < this.#best;
  }
}

function best(scores: readonly number[]): number {
  return scores.reduce((found, score, layer) => (score > 0 ? layer : found), -1);
}
