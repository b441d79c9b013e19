import assert from "node:assert/strict";
import { test } from "node:test";
import { Press, TAP } from "../../../proctor_sfu/web/src/lib/press";

test("held down it talks while it is held", () => {
  const press = new Press();
  assert.equal(press.down(0), true);
  assert.equal(press.down(500), true);
  assert.equal(press.up(TAP + 1), false);
});

test("a tap talks until the next tap", () => {
  const press = new Press();
  press.down(0);
  assert.equal(press.up(100), true);
  assert.equal(press.down(5000), true);
  assert.equal(press.up(5100), false);
});

test("whatever the key does, stop ends it", () => {
  const press = new Press();
  press.down(0);
  press.stop();
  assert.equal(press.on, false);
  assert.equal(press.up(100), false);
});
