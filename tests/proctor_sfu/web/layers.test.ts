import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraEncodings, layerCount, screenEncodings } from "../../../proctor_sfu/web/src/lib/layers";

test("three layers from 960 by 540 on, never at VGA, whichever way the camera is held", () => {
  assert.equal(layerCount(1280, 720), 3);
  assert.equal(layerCount(960, 540), 3);
  assert.equal(layerCount(720, 1280), 3);
  assert.equal(layerCount(640, 480), 2);
  assert.equal(layerCount(640, 360), 2);
  assert.equal(layerCount(320, 240), 1);
});

test("layers halve in size, the largest is the camera's own, and rates grow with them", () => {
  const encodings = cameraEncodings(1280, 720);
  assert.deepEqual(
    encodings.map((each) => each.scaleResolutionDownBy),
    [4, 2, 1],
  );
  const rates = encodings.map((each) => each.maxBitrate);
  assert.deepEqual(
    rates,
    [...rates].sort((a, b) => a - b),
  );
  assert.equal(cameraEncodings(320, 240).length, 1);
});

test("camera, screen and microphone together stay below what a candidate may send by default", () => {
  const camera = cameraEncodings(1280, 720).reduce((sum, each) => sum + each.maxBitrate, 0);
  const screen = screenEncodings().reduce((sum, each) => sum + each.maxBitrate, 0);
  assert.ok(camera + screen + 32_000 < 3_000_000);
});

test("when bandwidth is short the camera gives way first, then the screen", () => {
  assert.deepEqual(
    [...cameraEncodings(1280, 720), ...screenEncodings()].map((each) => each.priority),
    ["low", "low", "low", "medium"],
  );
});
