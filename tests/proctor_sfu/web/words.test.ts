import assert from "node:assert/strict";
import { test } from "node:test";
import { endingOf, mayPass } from "../../../proctor_sfu/web/src/lib/closing";
import { conditionOf, type Facts } from "../../../proctor_sfu/web/src/lib/condition";
import { lit, loudness, Needle } from "../../../proctor_sfu/web/src/lib/level";
import { matches } from "../../../proctor_sfu/web/src/lib/search";
import { Serial } from "../../../proctor_sfu/web/src/lib/serial";

const WELL: Facts = {
  ended: null,
  online: true,
  signaling: "open",
  lostFor: 0,
  wasOpen: true,
  occupied: false,
  media: "connected",
  uplink: { loss: 0.01, roundTrip: 0.05 },
};

test("the worst fact is the one that is told", () => {
  const kind = (more: Partial<Facts>) => conditionOf({ ...WELL, ...more }).kind;
  assert.equal(kind({}), "good");
  assert.equal(kind({ uplink: { loss: 0.2, roundTrip: 0.05 } }), "weak");
  assert.equal(kind({ uplink: { loss: 0, roundTrip: 1.5 } }), "weak");
  assert.equal(kind({ media: "disconnected" }), "restoring");
  assert.equal(kind({ media: "connecting" }), "restoring");
  assert.equal(kind({ media: "starting" }), "connecting");
  assert.equal(kind({ signaling: "waiting", lostFor: 3.9 }), "reconnecting");
  assert.equal(kind({ signaling: "connecting", wasOpen: false }), "connecting");
  assert.equal(kind({ signaling: "waiting", online: false }), "offline");
  assert.equal(kind({ signaling: "waiting", occupied: true }), "occupied");
  assert.equal(kind({ ended: { ending: "kicked", reason: "" }, online: false }), "ended");
});

test("only some endings are final", () => {
  assert.deepEqual([4003, 4004, 4005, 4000].map(endingOf), ["kicked", "room-closed", "replaced", "left"]);
  assert.deepEqual(
    [1000, 1001, 1006, 4001, 4008, 4999].map(endingOf),
    Array.from({ length: 6 }, () => null),
  );
});

test("a login is tried again when the server is in trouble or the place may become free", () => {
  assert.ok(mayPass(503, "no_worker"));
  assert.ok(mayPass(429, "too_many_connections"));
  assert.ok(mayPass(409, "peer_exists"));
  assert.ok(!mayPass(409, "room_full"));
  assert.ok(!mayPass(401, "token_expired"));
});

test("candidates are found by the beginnings of their names, without accents, or by a part of their id", () => {
  for (const query of ["", "ann", "mul ann", "Mül", "0173", " ANN "])
    assert.ok(matches(query, "seat-0173", "Ann Müller"));
  for (const query of ["nn", "ann bob", "seat 99"]) assert.ok(!matches(query, "seat-0173", "Ann Müller"));
});

test("a meter is up at once and falls slowly", () => {
  assert.equal(lit(0), 0);
  assert.equal(lit(1), 1);
  assert.equal(lit(Number.NaN), 0);
  const needle = new Needle();
  assert.equal(needle.move(1, 1000), 1);
  assert.ok(needle.move(0, 1200) > 0.6);
  assert.equal(needle.move(0, 5000), 0);
  assert.equal(loudness(new Float32Array([0.5, -0.5])), 0.5);
});

test("tasks that change the same things run one after the other, also after one that failed", async () => {
  const serial = new Serial();
  const seen: string[] = [];
  const slow = serial.run(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push("slow");
    throw new Error("no");
  });
  const fast = serial.run(async () => seen.push("fast"));
  await assert.rejects(slow, /no/);
  await fast;
  assert.deepEqual(seen, ["slow", "fast"]);
});
