// Runs tasks one after the other, so that what they change together is never seen half changed.

export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a task when all before it have ended, well or not. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task);
    this.#last = result.catch(() => {});
    return result;
  }
}
