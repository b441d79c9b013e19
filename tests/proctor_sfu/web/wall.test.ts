import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, KEYS } from "../../../proctor_sfu/web/src/lib/keys";
import type { Candidate } from "../../../proctor_sfu/web/src/lib/roster";
import { counts, lightOf, step, wallOf } from "../../../proctor_sfu/web/src/lib/wall";

const candidate = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  name: `Name ${id}`,
  state: "live",
  light: "green",
  reasons: [],
  sources: new Map(),
  paused: new Set(),
  hand: null,
  ...more,
});
const room = Array.from({ length: 213 }, (_, seat) => candidate(`seat-${seat}`));

test("a page holds its share and no more, and a page too far is the last", () => {
  const first = wallOf(room, { filter: "all", query: "", page: 0, pageSize: 20 });
  assert.deepEqual([first.page.length, first.pages, first.found], [20, 11, 213]);
  const last = wallOf(room, { filter: "all", query: "", page: 99, pageSize: 20 });
  assert.deepEqual([last.number, last.page.length], [10, 13]);
  const none = wallOf(room, { filter: "hands", query: "", page: 3, pageSize: 20 });
  assert.deepEqual([none.number, none.pages, none.page.length], [0, 1, 0]);
});

test("search and filter narrow down together", () => {
  const some = [...room, candidate("x-7", { light: "red" }), candidate("x-8", { hand: 1 })];
  const choice = { query: "x-", page: 0, pageSize: 20 };
  assert.equal(wallOf(some, { ...choice, filter: "all" }).found, 2);
  assert.deepEqual(
    wallOf(some, { ...choice, filter: "problems" }).page.map(({ id }) => id),
    ["x-7"],
  );
  assert.deepEqual(counts([...some, candidate("gone", { state: "left" })]), {
    all: 216,
    problems: 1,
    hands: 1,
    away: 1,
  });
});

test("a lost connection is never shown as fine, and who is away is grey whatever was measured", () => {
  assert.equal(lightOf(candidate("a", { state: "lost" })), "red");
  assert.equal(lightOf(candidate("a", { state: "reconnecting" })), "amber");
  assert.equal(lightOf(candidate("a", { state: "reconnecting", light: "red" })), "red");
  assert.equal(lightOf(candidate("a", { state: "left", light: "red" })), "grey");
  assert.equal(lightOf(candidate("a", { light: "grey" })), "green");
  assert.equal(lightOf(candidate("a", { state: "joining", light: "grey" })), "grey");
});

test("arrow keys walk the grid and stop at its edges", () => {
  assert.equal(step("ArrowRight", 0, 10, 4), 1);
  assert.equal(step("ArrowDown", 3, 10, 4), 7);
  assert.equal(step("ArrowDown", 7, 10, 4), 7);
  assert.equal(step("ArrowLeft", 0, 10, 4), 0);
  assert.equal(step("End", 2, 10, 4), 9);
  assert.equal(step("Home", 9, 10, 4), 0);
  assert.equal(step("x", 5, 10, 4), 5);
});

test("keys mean something only where nobody types and nothing else is meant", () => {
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
  assert.equal(commandOf(press("w"), false, true), "whisper");
  assert.equal(commandOf(press("w"), true, true), null);
  assert.equal(commandOf(press("Escape"), true, true), "back");
  assert.equal(commandOf(press("f", { ctrlKey: true }), false, true), null);
  assert.equal(commandOf(press("w"), false, false), null);
  assert.equal(commandOf(press("PageDown"), false, false), "next");
  const all = KEYS.flatMap(({ keys }) => keys);
  assert.equal(new Set(all).size, all.length);
});
