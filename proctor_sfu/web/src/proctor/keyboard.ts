// What the keys of the proctor's page do; which key is which is in lib/keys.ts.

import { type Command, commandOf } from "../lib/keys";

/** Commands that act on candidates; observers have none of them. */
const ACTING: ReadonlySet<Command> = new Set(["whisper", "announce", "message", "bookmark"]);

export interface KeyboardPage {
  /** What each does, told when its key went down. */
  readonly commands: Readonly<Record<Command, (at: number) => void>>;
  readonly mayAct: boolean;
  /** Whether single characters are shortcuts. */
  letters(): boolean;
  /** Whether Escape has something to leave, so that it is ours. */
  leaves(): boolean;
  /** A key that speaks while it is held came up. */
  released(way: "whisper" | "announce", at: number): void;
}

export class Keyboard {
  constructor(private readonly page: KeyboardPage) {
    addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("keyup", ({ key, timeStamp }) => {
      if (key === "w") page.released("whisper", timeStamp);
      if (key === "a") page.released("announce", timeStamp);
    });
  }

  #pressed(event: KeyboardEvent): void {
    if (document.querySelector("dialog[open]") !== null) return;
    const command = commandOf(event, isField(event.target), this.page.letters());
    if (command === null || (ACTING.has(command) && !this.page.mayAct)) return;
    if (command !== "back" || this.page.leaves() || isField(event.target)) event.preventDefault();
    this.page.commands[command](event.timeStamp);
  }
}

/** Whether the keyboard belongs to a field. */
export function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, textarea, select");
}
