// What the end of a WebSocket, or a refused login, means for the person at the page: to try again, or that it is over.

export type Ending = "kicked" | "room-closed" | "replaced" | "refused" | "left";

/** Returns why it is over, null if the connection was only lost and another attempt makes sense. */
export function endingOf(code: number): Ending | null {
  switch (code) {
    case 4000:
      return "left";
    case 4003:
      return "kicked";
    case 4004:
      return "room-closed";
    case 4005:
      return "replaced";
    default:
      return null;
  }
}

/**
 * Whether a login that was refused may be accepted later. `returning`: this page was in the room before, so the peer
 * the server says is there already is most likely our own last connection, which it has not given up yet.
 */
export function mayPass(status: number, code: string, returning: boolean): boolean {
  return status >= 500 || status === 429 || (code === "peer_exists" && returning);
}
