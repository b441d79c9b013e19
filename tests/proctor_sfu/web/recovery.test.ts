import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE, Recovery } from "../../../proctor_sfu/web/src/lib/recovery";

test("a connection that works needs nothing", () => {
  const recovery = new Recovery();
  recovery.changed("connecting", 0);
  recovery.changed("connected", 100);
  assert.equal(recovery.due, null);
  assert.equal(recovery.next(100_000), null);
});

test("ICE is restarted at once, again after a while, then the transport is built anew", () => {
  const recovery = new Recovery();
  recovery.changed("connected", 0);
  recovery.changed("disconnected", 1000);
  assert.equal(recovery.next(1000), "restart");
  assert.equal(recovery.next(1001), null);
  recovery.changed("failed", 3000);
  assert.equal(recovery.next(3000), null);
  assert.equal(recovery.next(1000 + PATIENCE), "restart");
  assert.equal(recovery.next(1000 + 2 * PATIENCE), "rebuild");
});

test("once connected the count begins anew", () => {
  const recovery = new Recovery();
  recovery.changed("disconnected", 0);
  recovery.next(0);
  recovery.next(PATIENCE);
  recovery.changed("connected", 2 * PATIENCE);
  recovery.changed("failed", 3 * PATIENCE);
  assert.equal(recovery.next(3 * PATIENCE), "restart");
});

test("a connection that never comes up is mended as well", () => {
  const recovery = new Recovery();
  recovery.changed("connecting", 0);
  assert.equal(recovery.next(PATIENCE - 1), null);
  assert.equal(recovery.next(PATIENCE), "restart");
});

test("when signaling is back, what suffers is restarted at once and what works is left alone", () => {
  const recovery = new Recovery();
  recovery.changed("failed", 0);
  recovery.next(0);
  recovery.next(PATIENCE);
  recovery.reachable(PATIENCE + 1);
  assert.equal(recovery.next(PATIENCE + 1), "restart");
  const well = new Recovery();
  well.changed("connected", 0);
  well.reachable(1);
  assert.equal(well.next(1), null);
});
