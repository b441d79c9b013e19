// Who is in the room, as a proctor's page knows it: a value, and what each notification makes of it.

import type { Light } from "./order";
import type { Notice, Peer, PeerState, Source } from "./protocol";

export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly state: PeerState;
  readonly light: Light;
  readonly reasons: readonly string[];
  /** What it publishes: source -> producer. */
  readonly sources: ReadonlyMap<Source, string>;
  /** Those of its sources that are paused, by itself or by a lead proctor. */
  readonly paused: ReadonlySet<Source>;
  /** When it raised its hand, as a count: lower was earlier. Null: it is down. */
  readonly hand: number | null;
}

export type Roster = ReadonlyMap<string, Candidate>;

/** Returns the roster that `join` answers with. */
export function rosterOf(peers: readonly Peer[]): Roster {
  const up = peers.filter(({ handRaised }) => handRaised);
  up.sort((one, other) => (one.handRaisedAt?.getTime() ?? 0) - (other.handRaisedAt?.getTime() ?? 0));
  const candidates = peers.filter(({ role }) => role === "candidate");
  return new Map(candidates.map((peer) => [peer.id, candidate(peer, up.indexOf(peer))]));
}

/** Returns the roster after a notification; the same one if it changes nothing. */
export function after(roster: Roster, notice: Notice): Roster {
  switch (notice.method) {
    case "newPeer":
      return notice.data.role === "candidate" ? arrived(roster, notice.data) : roster;
    case "peerClosed":
      // One that is somebody else's now has not left, but is none of ours.
      if (notice.data.reason === "unassigned") return removed(roster, notice.data.peerId);
      return changed(roster, notice.data.peerId, gone);
    case "peerState": {
      const { peerId, state, light, reasons } = notice.data;
      return changed(roster, peerId, (each) => ({ ...each, state, light, reasons }));
    }
    case "newProducer": {
      const { peerId, producerId, appData } = notice.data;
      return changed(roster, peerId, (each) => ({
        ...each,
        sources: new Map(each.sources).set(appData.source, producerId),
      }));
    }
    case "producerClosed":
      return changed(roster, notice.data.peerId, (each) => without(each, notice.data.producerId));
    case "handRaised":
      return changed(roster, notice.data.peerId, (each) => ({
        ...each,
        hand: raised(each, notice.data.raised, roster),
      }));
    default:
      return roster;
  }
}

/** Returns the roster after a source was paused or goes on. */
export function pausing(roster: Roster, peerId: string, source: Source, isPaused: boolean): Roster {
  return changed(roster, peerId, (each) => {
    const paused = new Set(each.paused);
    if (isPaused) paused.add(source);
    else paused.delete(source);
    return { ...each, paused };
  });
}

/** Returns the candidates whose hands are up, earliest first. */
export function raisedHands(roster: Roster): Candidate[] {
  return [...roster.values()].filter((each) => each.hand !== null).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
}

/** Whether a candidate is in the room, at least with a connection that may come back. */
export function present({ state }: Candidate): boolean {
  return state !== "expected" && state !== "left";
}

function candidate(peer: Peer, hand: number): Candidate {
  return {
    id: peer.id,
    name: peer.displayName || peer.id,
    state: peer.state,
    light: peer.light,
    reasons: peer.reasons,
    sources: new Map(peer.sources.map((each) => [each.source, each.producerId])),
    paused: new Set(peer.sources.filter(({ paused }) => paused).map(({ source }) => source)),
    hand: peer.handRaised ? hand : null,
  };
}

/** One that was known before keeps its hand: it only came back. */
function arrived(roster: Roster, peer: Peer): Roster {
  const before = roster.get(peer.id);
  const now = candidate(peer, before?.hand ?? hands(roster));
  return new Map(roster).set(peer.id, now);
}

function gone(each: Candidate): Candidate {
  return { ...each, state: "left", light: "grey", reasons: [], sources: new Map(), paused: new Set(), hand: null };
}

function without(each: Candidate, producerId: string): Candidate {
  const kept = [...each.sources].filter(([, producer]) => producer !== producerId);
  const sources = new Map(kept);
  return { ...each, sources, paused: new Set([...each.paused].filter((source) => sources.has(source))) };
}

function raised(each: Candidate, up: boolean, roster: Roster): number | null {
  return up ? (each.hand ?? hands(roster)) : null;
}

function hands(roster: Roster): number {
  return Math.max(0, ...[...roster.values()].map((each) => (each.hand ?? 0) + 1));
}

function changed(roster: Roster, id: string, change: (each: Candidate) => Candidate): Roster {
  const each = roster.get(id);
  return each === undefined ? roster : new Map(roster).set(id, change(each));
}

function removed(roster: Roster, id: string): Roster {
  if (!roster.has(id)) return roster;
  return new Map([...roster].filter(([each]) => each !== id));
}
