import assert from "node:assert/strict";
import { test } from "node:test";
import { fit, type Room } from "../../../proctor_sfu/web/src/lib/grid";

const WALL: Room = { width: 940, height: 600, gap: 6, footer: 24, aspect: 16 / 9, least: 150 };

test("every number of tiles up to what fits is on the wall at once, as large as can be", () => {
  for (let count = 1; count <= 25; count += 1) {
    const { columns, width } = fit(count, WALL);
    const rows = Math.ceil(count / columns);
    assert.ok(columns * width + (columns - 1) * WALL.gap <= WALL.width, `${count} across`);
    assert.ok(rows * (width / WALL.aspect + WALL.footer) + (rows - 1) * WALL.gap <= WALL.height, `${count} down`);
  }
  assert.equal(fit(25, WALL).columns, 5);
});

test("below the least width the wall scrolls instead", () => {
  const { columns, width } = fit(100, { ...WALL, height: 200 });
  assert.equal(columns, 6);
  assert.ok(width >= WALL.least);
});

test("a wall that has no size yet is no error", () => {
  assert.deepEqual(fit(0, { ...WALL, width: 0, height: 0 }).columns, 1);
});
