// How tiles fill the wall: the most columns and rows of equal tiles, as large as they can be.

export interface Room {
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  /** Height below each picture. */
  readonly footer: number;
  /** Width of a picture divided by its height. */
  readonly aspect: number;
  /** No tile is narrower; if they do not fit then, the wall scrolls. */
  readonly least: number;
}

export interface Grid {
  readonly columns: number;
  /** Of a tile, in CSS pixels. */
  readonly width: number;
}

/** Returns the grid in which `count` tiles are largest. */
export function fit(count: number, room: Room): Grid {
  let best: Grid = { columns: 1, width: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const across = (room.width - room.gap * (columns - 1)) / columns;
    const down = ((room.height - room.gap * (rows - 1)) / Math.max(1, rows) - room.footer) * room.aspect;
    const width = Math.floor(Math.min(across, down));
    if (width > best.width) best = { columns, width };
  }
  if (best.width >= room.least) return best;
  const columns = Math.max(1, Math.floor((room.width + room.gap) / (room.least + room.gap)));
  return { columns, width: Math.floor((room.width - room.gap * (columns - 1)) / columns) };
}
