import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraEncodings, layerCount, screenEncodings, within } from "../../../proctor_sfu/web/src/lib/layers";

test("three layers from 960 by 540 on, never at VGA, whichever way the camera is held", () => {
  assert.equal(layerCount(1280, 720), 3);
  assert.equal(layerCount(960, 540), 3);
  assert.equal(layerCount(720, 1280), 3);
  assert.equal(layerCount(640, 480), 2);
  assert.equal(layerCount(640, 360), 2);
  assert.equal(layerCount(320, 240), 1);
});

test("layers halve in size, the largest is the camera's own, and rates grow with them", () => {
  const encodings = cameraEncodings(1280, 720, 1_000_000, "vp8");
  assert.deepEqual(
    encodings.map((each) => each.scaleResolutionDownBy),
    [4, 2, 1],
  );
  const rates = encodings.map((each) => each.maxBitrate);
  assert.deepEqual(
    rates,
    [...rates].sort((a, b) => a - b),
  );
  assert.equal(cameraEncodings(320, 240, 1_000_000, "vp8").length, 1);
});

test("the layers of a camera together stay within what the server allows", () => {
  for (const bitrate of [200_000, 1_000_000, 5_000_000]) {
    for (const [width, height] of [[1920, 1080] as const, [640, 480] as const, [320, 240] as const]) {
      const sum = cameraEncodings(width, height, bitrate, "vp8").reduce((all, each) => all + each.maxBitrate, 0);
      assert.ok(sum <= bitrate, `${width} with ${bitrate}`);
    }
  }
});

test("VP9 carries the layers in one stream with all that the camera may use", () => {
  const [one, ...more] = cameraEncodings(1280, 720, 1_000_000, "vp9");
  assert.deepEqual([one?.scalabilityMode, one?.maxBitrate, more], ["L3T3_KEY", 1_000_000, []]);
  assert.equal(one?.scaleResolutionDownBy, undefined);
  assert.equal(cameraEncodings(640, 360, 1_000_000, "vp9")[0]?.scalabilityMode, "L2T3_KEY");
  assert.equal(cameraEncodings(320, 240, 1_000_000, "vp9")[0]?.scalabilityMode, "L1T3");
});

test("VP8 has temporal layers only where there are several streams: of one alone the worker drops the key frame", () => {
  const modes = (encodings: readonly { readonly scalabilityMode: string }[]) =>
    encodings.map((each) => each.scalabilityMode);
  assert.deepEqual(modes(screenEncodings(1_600_000, "vp8", false)), ["L1T1"]);
  assert.deepEqual(modes(screenEncodings(1_600_000, "vp9", true)), ["L1T3"]);
  assert.deepEqual(modes(cameraEncodings(320, 240, 1_000_000, "vp8")), ["L1T1"]);
  assert.deepEqual(modes(cameraEncodings(640, 360, 1_000_000, "vp8")), ["L1T3", "L1T3"]);
});

test("held back, the upper layers go first and what is sent is within the limit", () => {
  const full = [90_000, 250_000, 660_000];
  assert.deepEqual(
    within(full, 1_000_000).map(({ active, maxBitrate }) => [active, maxBitrate]),
    full.map((each) => [true, each]),
  );
  assert.deepEqual(
    within(full, 400_000).map(({ active }) => active),
    [true, true, false],
  );
  assert.deepEqual(within(full, 60_000)[0], { active: true, maxBitrate: 60_000 });
  assert.equal(within(full, 60_000)[1]?.active, false);
});

test("a screen is sent in full and small, together within what the server allows, and in full first", () => {
  for (const codec of ["vp8", "h264"] as const) {
    const screen = screenEncodings(1_600_000, codec, true);
    assert.deepEqual(
      screen.map((each) => each.scaleResolutionDownBy),
      [1, 2],
    );
    const rates = screen.map((each) => each.maxBitrate);
    assert.equal(
      rates.reduce((all, each) => all + each, 0),
      1_600_000,
    );
    assert.deepEqual(
      within(rates, 300_000).map(({ active }) => active),
      [true, false],
    );
    // Chromium takes the priority of all from the first, and refuses one for another.
    assert.deepEqual(
      screen.map((each) => each.priority),
      ["medium", "low"],
    );
  }
});

test("when bandwidth is short the camera gives way first, then the screen", () => {
  assert.deepEqual(
    [...cameraEncodings(1280, 720, 1_000_000, "vp8"), ...screenEncodings(1_600_000, "vp8", false)].map(
      (each) => each.priority,
    ),
    ["low", "low", "low", "medium"],
  );
});
