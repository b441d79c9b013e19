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

/** The place is taken: by our own last connection, which the server has not given up yet, or by another window. */
export const OCCUPIED = "peer_exists";

/** Whether a login that was refused may be accepted later. */
export function mayPass(status: number, code: string): boolean {
  return status >= 500 || status === 429 || code === OCCUPIED;
}
