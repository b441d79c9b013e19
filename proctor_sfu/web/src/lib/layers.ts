// What each source is encoded as. The bitrates add up to less than psfu's default cap on what a candidate may send.

export interface Encoding {
  readonly scaleResolutionDownBy?: number;
  readonly maxBitrate: number;
  readonly maxFramerate: number;
  readonly scalabilityMode: string;
  readonly priority: RTCPriorityType;
  readonly networkPriority: RTCPriorityType;
}

export const CAMERA_RATE = 15;
export const SCREEN_RATE = 5;

/** Pixels from which on libwebrtc sends that many simulcast layers; below, the upper ones would silently stay empty. */
const THREE_LAYERS = 960 * 540;
const TWO_LAYERS = 480 * 270;

/** Returns how many simulcast layers a camera of this size is sent with. */
export function layerCount(width: number, height: number): 1 | 2 | 3 {
  const pixels = width * height;
  return pixels >= THREE_LAYERS ? 3 : pixels >= TWO_LAYERS ? 2 : 1;
}

/** Returns the encodings of a camera, smallest first. When bandwidth is short, it is the first to give way. */
export function cameraEncodings(width: number, height: number): Encoding[] {
  const bitrates = [120_000, 350_000, 1_000_000];
  const count = layerCount(width, height);
  return Array.from({ length: count }, (_, layer) => ({
    scaleResolutionDownBy: 2 ** (count - 1 - layer),
    maxBitrate: bitrates[count === 1 ? 1 : layer] ?? 0,
    maxFramerate: CAMERA_RATE,
    scalabilityMode: "L1T3",
    priority: "low",
    networkPriority: "low",
  }));
}

/** Returns the encoding of a screen: every letter, few times a second. */
export function screenEncodings(): Encoding[] {
  const one = { maxBitrate: 1_200_000, maxFramerate: SCREEN_RATE, scalabilityMode: "L1T3" } as const;
  return [{ ...one, priority: "medium", networkPriority: "medium" }];
}
