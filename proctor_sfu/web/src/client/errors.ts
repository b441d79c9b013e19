// What becomes of a request that is not granted.

/** The server answered no. */
export class RefusedError extends Error {
  constructor(
    readonly method: string,
    readonly status: number,
    /** The stable code, which the server puts before its reason. */
    readonly code: string,
    readonly reason: string,
  ) {
    super(`${method}: ${code}: ${reason}`);
  }
}

/** Whether the server answered that one may not. */
export function isForbidden(error: unknown): boolean {
  return error instanceof RefusedError && error.code === "forbidden";
}

/** There is no connection, or it went away before an answer came. */
export class DisconnectedError extends Error {}
