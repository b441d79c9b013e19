import assert from "node:assert/strict";
import { test } from "node:test";
import { Flow } from "../../../proctor_sfu/web/src/lib/flow";

const told = ({ starved, reduced }: Flow) => (starved ? "starved" : reduced ? "reduced" : "well");

test("it is starved while nothing is sent of what reaches the server", () => {
  const flow = new Flow(true, [10, 10]);
  assert.equal(told(flow), "starved");
  flow.send(0);
  assert.equal(told(flow), "reduced");
  flow.send(1);
  assert.equal(told(flow), "well");
  flow.send(null);
  assert.equal(told(flow), "starved");
});

test("an owner who sends nothing, or only the lower layer, is not put down to the way to this page", () => {
  const flow = new Flow(true, [0, 0]);
  assert.equal(told(flow), "well");
  flow.reach([7, 0]);
  assert.equal(told(flow), "starved");
  flow.send(0);
  assert.equal(told(flow), "well");
  flow.reach([7, 7]);
  assert.equal(told(flow), "reduced");
});

test("what has no layers is sent whole or not at all", () => {
  const flow = new Flow(false, [10]);
  flow.send(null);
  assert.equal(told(flow), "well");
});
