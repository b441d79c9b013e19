// What a join link carries in its fragment: `#token=…`, or for an open room `#room=…&peer=…&role=…&name=…`.

export interface TokenLogin {
  readonly kind: "token";
  readonly token: string;
}

export interface OpenLogin {
  readonly kind: "open";
  readonly roomId: string;
  readonly peerId: string;
  readonly role: string;
  readonly displayName: string;
}

export type Login = TokenLogin | OpenLogin;

/** Returns the login in a fragment or in what `keep` returned, null if there is none. */
export function parse(fragment: string, role: string): Login | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const token = fields.get("token");
  if (token) return { kind: "token", token };
  const roomId = fields.get("room");
  const peerId = fields.get("peer");
  if (!roomId || !peerId) return null;
  return {
    kind: "open",
    roomId,
    peerId,
    role: fields.get("role") ?? role,
    displayName: fields.get("name") ?? peerId,
  };
}

/** Returns the text `parse` reads back. */
export function keep(login: Login): string {
  if (login.kind === "token") return new URLSearchParams({ token: login.token }).toString();
  const { roomId, peerId, role, displayName } = login;
  return new URLSearchParams({ room: roomId, peer: peerId, role, name: displayName }).toString();
}
