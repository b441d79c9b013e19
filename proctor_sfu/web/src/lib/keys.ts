// The keys of the proctor's page: one table for what they do and for the help that lists them.

export type Command =
  | "search"
  | "back"
  | "whisper"
  | "announce"
  | "message"
  | "bookmark"
  | "listen"
  | "hand"
  | "next"
  | "previous"
  | "filter"
  | "sources"
  | "help";

export const KEYS: readonly { readonly keys: readonly string[]; readonly command: Command }[] = [
  { keys: ["/"], command: "search" },
  { keys: ["Escape"], command: "back" },
  { keys: ["w"], command: "whisper" },
  { keys: ["a"], command: "announce" },
  { keys: ["m"], command: "message" },
  { keys: ["b"], command: "bookmark" },
  { keys: ["l"], command: "listen" },
  { keys: ["h"], command: "hand" },
  { keys: ["n", "PageDown"], command: "next" },
  { keys: ["p", "PageUp"], command: "previous" },
  { keys: ["f"], command: "filter" },
  { keys: ["v"], command: "sources" },
  { keys: ["?"], command: "help" },
];

export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/**
 * Returns what a key means, null: nothing of ours. `typing`: the keyboard belongs to a field; `letters`: whether single
 * characters do anything, which people who steer by voice switch off.
 */
export function commandOf(pressed: Pressed, typing: boolean, letters: boolean): Command | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  const found = KEYS.find(({ keys }) => keys.includes(pressed.key))?.command ?? null;
  if (found === "back") return found;
  if (typing || (!letters && pressed.key.length === 1)) return null;
  return found;
}
