import assert from "node:assert/strict";
import { test } from "node:test";
import { rosterOf } from "../../../proctor_sfu/web/src/lib/roster";
import { type Spot, same, shown, viewsOf } from "../../../proctor_sfu/web/src/lib/views";

const source = (name: "camera" | "screen" | "microphone", producerId: string) =>
  ({ source: name, producerId, paused: false }) as const;
const roster = rosterOf([
  {
    id: "ann",
    displayName: "Ann",
    role: "candidate",
    state: "live",
    light: "green",
    reasons: [],
    sources: [source("camera", "p1"), source("microphone", "p2")],
    handRaised: false,
    handRaisedAt: null,
  },
]);
const spot = (more: Partial<Spot>): Spot => ({
  peerId: "ann",
  source: "camera",
  width: 180,
  height: 101,
  focus: false,
  ...more,
});

test("sizes are in device pixels, rounded up so that a pixel more or less is no news", () => {
  assert.deepEqual(viewsOf([spot({})], roster, 2), [{ peerId: "ann", source: "camera", width: 368, height: 208 }]);
  assert.ok(same(viewsOf([spot({ width: 179.5 })], roster, 2), viewsOf([spot({})], roster, 2)));
});

test("what is not there is not asked for", () => {
  assert.deepEqual(viewsOf([spot({ source: "screen" }), spot({ peerId: "who" })], roster, 1), []);
});

test("shown twice, the larger size and the focus count", () => {
  const views = viewsOf([spot({ width: 800, height: 450, focus: true }), spot({})], roster, 1);
  assert.deepEqual(views, [{ peerId: "ann", source: "camera", width: 800, height: 464, focus: true }]);
});

test("sound has no size", () => {
  const [view] = viewsOf([spot({ source: "microphone", width: 0, height: 0 })], roster, 2);
  assert.deepEqual(view, { peerId: "ann", source: "microphone", width: 0, height: 0 });
});

test("a tile shows what there is of what the wall is set to", () => {
  const ann = roster.get("ann");
  assert.ok(ann);
  assert.deepEqual(shown(ann, "camera"), ["camera"]);
  assert.deepEqual(shown(ann, "screen"), []);
  assert.deepEqual(shown(ann, "both"), ["camera"]);
});
