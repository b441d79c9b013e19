import assert from "node:assert/strict";
import { test } from "node:test";
import { notice, type Peer, ProtocolError, read, Welcome } from "../../../proctor_sfu/web/src/lib/protocol";
import { after, pausing, present, type Roster, raisedHands, rosterOf } from "../../../proctor_sfu/web/src/lib/roster";

const peer = (id: string, more: Partial<Peer> = {}): Peer => ({
  id,
  displayName: id.toUpperCase(),
  role: "candidate",
  state: "live",
  light: "green",
  reasons: [],
  sources: [],
  handRaised: false,
  handRaisedAt: null,
  ...more,
});

function heard(roster: Roster, method: string, data: object): Roster {
  const known = notice(method, data);
  assert.ok(known);
  return after(roster, known);
}

test("only candidates are on the roster", () => {
  const roster = rosterOf([peer("ann"), peer("pam", { role: "proctor" })]);
  assert.deepEqual([...roster.keys()], ["ann"]);
  assert.equal(heard(roster, "newPeer", peer("quin", { role: "proctor" })), roster);
});

test("sources come and go", () => {
  let roster = rosterOf([peer("ann")]);
  const data = { peerId: "ann", producerId: "p1", kind: "video", appData: { source: "screen" } };
  roster = heard(roster, "newProducer", data);
  assert.equal(roster.get("ann")?.sources.get("screen"), "p1");
  roster = heard(roster, "producerClosed", { peerId: "ann", producerId: "other", source: "screen" });
  assert.equal(roster.get("ann")?.sources.size, 1);
  roster = heard(roster, "producerClosed", { peerId: "ann", producerId: "p1", source: "screen" });
  assert.equal(roster.get("ann")?.sources.size, 0);
});

test("one who goes is kept as gone, and comes back with what it has then", () => {
  let roster = rosterOf([peer("ann", { sources: [{ source: "camera", producerId: "p1", paused: false }] })]);
  roster = heard(roster, "peerClosed", { peerId: "ann", reason: "left" });
  const gone = roster.get("ann");
  assert.ok(gone && !present(gone) && gone.light === "grey" && gone.sources.size === 0);
  roster = heard(roster, "newPeer", { id: "ann", displayName: "Ann", role: "candidate" });
  assert.equal(roster.get("ann")?.state, "live");
});

test("a source is paused and goes on", () => {
  let roster = rosterOf([peer("ann", { sources: [{ source: "camera", producerId: "p1", paused: true }] })]);
  assert.ok(roster.get("ann")?.paused.has("camera"));
  roster = pausing(roster, "ann", "camera", false);
  roster = pausing(roster, "ann", "screen", true);
  assert.deepEqual([...(roster.get("ann")?.paused ?? [])], ["screen"]);
});

test("of a source that is no more nothing is left, not that it was paused", () => {
  let roster = rosterOf([peer("ann", { sources: [{ source: "camera", producerId: "p1", paused: true }] })]);
  roster = heard(roster, "producerClosed", { peerId: "ann", producerId: "p1", source: "camera" });
  roster = heard(roster, "newProducer", {
    peerId: "ann",
    producerId: "p2",
    kind: "video",
    appData: { source: "camera" },
  });
  assert.equal(roster.get("ann")?.paused.size, 0);
});

test("hands are listed in the order they were raised", () => {
  let roster = rosterOf([peer("ann"), peer("bob"), peer("cy", { handRaised: true })]);
  for (const peerId of ["bob", "ann", "bob"]) roster = heard(roster, "handRaised", { peerId, raised: true });
  assert.deepEqual(
    raisedHands(roster).map(({ id }) => id),
    ["cy", "bob", "ann"],
  );
  roster = heard(roster, "handRaised", { peerId: "bob", raised: false });
  roster = heard(roster, "handRaised", { peerId: "bob", raised: true });
  assert.deepEqual(
    raisedHands(roster).map(({ id }) => id),
    ["cy", "ann", "bob"],
  );
});

test("news of somebody unknown changes nothing", () => {
  const roster = rosterOf([peer("ann")]);
  const data = { peerId: "who", state: "lost", light: "red", reasons: ["gone"], since: 1 };
  assert.equal(heard(roster, "peerState", data), roster);
});

test("what a later version says is let pass, what is malformed is told", () => {
  assert.equal(notice("somethingNew", { any: 1 }), null);
  assert.equal(notice("constructor", {}), null);
  assert.throws(() => notice("peerState", { peerId: "ann", state: "??", light: "red" }), ProtocolError);
  assert.throws(() => read(Welcome, { roomId: 1 }, "authenticate"), /authenticate: roomId/);
});

test("who leaves is shown as gone, who is given to another proctor is not shown at all", () => {
  const roster = rosterOf([peer("ann"), peer("bob")]);
  assert.equal(heard(roster, "peerClosed", { peerId: "ann", reason: "left" }).get("ann")?.state, "left");
  const after = heard(roster, "peerClosed", { peerId: "ann", reason: "unassigned" });
  assert.deepEqual([...after.keys()], ["bob"]);
  assert.equal(heard(after, "peerClosed", { peerId: "ann", reason: "unassigned" }), after);
});

test("who comes later finds raised hands in the order they went up", () => {
  const up = (id: string, seconds: number) => peer(id, { handRaised: true, handRaisedAt: new Date(1000 * seconds) });
  const roster = rosterOf([up("ann", 9), peer("bob"), up("cy", 3), up("dee", 5)]);
  assert.deepEqual(
    raisedHands(roster).map(({ id }) => id),
    ["cy", "dee", "ann"],
  );
  const later = heard(roster, "handRaised", { peerId: "bob", raised: true });
  assert.equal(raisedHands(later).at(-1)?.id, "bob");
});
