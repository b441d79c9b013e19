// Finding a candidate by what somebody types: every word must begin a word of the name or be part of the id.

/** Returns text without case and accents. */
export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();
}

/** Whether a candidate is meant by `query`; an empty query means everybody. */
export function matches(query: string, id: string, name: string): boolean {
  const words = plain(name).split(/[^\p{Letter}\p{Number}]+/u);
  return plain(query)
    .split(/\s+/)
    .filter(Boolean)
    .every((part) => plain(id).includes(part) || words.some((word) => word.startsWith(part)));
}
