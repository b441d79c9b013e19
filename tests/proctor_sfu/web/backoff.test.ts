import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, pace } from "../../../proctor_sfu/web/src/lib/backoff";

test("waits grow with every attempt up to the cap, and a draw can be anything below", () => {
  const { base, cap } = pace(30, 0);
  const longest = Array.from({ length: 40 }, (_, attempt) => delay(attempt, { base, cap }, () => 1));
  assert.deepEqual(longest.slice(0, 5), [5000, 6000, 6000, 6000, 6000]);
  assert.equal(Math.max(...longest), cap);
  assert.equal(
    delay(7, { base, cap }, () => 0),
    0,
  );
});

test("several tries fit into any grace, and after it the server is spared", () => {
  for (const grace of [2, 10, 30]) assert.ok(pace(grace, 0).cap * 5 <= grace * 1000);
  assert.equal(pace(30, 31).cap, 15_000);
  assert.equal(pace(3600, 0).cap, 15_000);
});

test("500 candidates that lost the server at once do not come back in one second", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const tenths = new Map<number, number>();
  for (let candidate = 0; candidate < 500; candidate += 1) {
    const tenth = Math.floor(delay(0, pace(30, 0), random) / 100);
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
  }
  assert.equal(tenths.size, 50);
  assert.ok(Math.max(...tenths.values()) < 25);
});
