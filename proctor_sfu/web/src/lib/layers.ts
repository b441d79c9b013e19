// What each source is encoded as, within the bitrates the server allows: cameras in layers of which a proctor is sent
// what fills its tile, as simulcast or, with VP9, as the scalable layers of one stream.

export const VIDEO_CODECS = ["vp8", "vp9", "h264"] as const;
export type VideoCodec = (typeof VIDEO_CODECS)[number];

export interface Encoding {
  readonly scaleResolutionDownBy?: number;
  readonly maxBitrate: number;
  readonly maxFramerate: number;
  readonly scalabilityMode: string;
  readonly priority: RTCPriorityType;
  readonly networkPriority: RTCPriorityType;
  /** It may rest: that nothing comes for a few seconds is no sign of trouble. */
  readonly dtx?: true;
}

export interface Limit {
  readonly active: boolean;
  readonly maxBitrate: number;
}

export const CAMERA_RATE = 15;
export const SCREEN_RATE = 5;
/** Bits per second of a screen at half its size, for a proctor whose downlink does not carry all of it. */
const SMALL_SCREEN = 200_000;

/** Pixels from which on libwebrtc sends that many layers; below, the upper ones would silently stay empty. */
const THREE_LAYERS = 960 * 540;
const TWO_LAYERS = 480 * 270;

/** How a camera's bitrate is shared by its layers, smallest first. */
const SHARES: Record<1 | 2 | 3, readonly number[]> = { 1: [1], 2: [0.3, 0.7], 3: [0.09, 0.25, 0.66] };
/** More does not make a small picture better. */
const ENOUGH: Record<1 | 2 | 3, number> = { 1: 300_000, 2: 600_000, 3: 2_500_000 };

/** A layer that would get less than this part of what it is made for is not worth sending. */
const WORTH = 0.5;

/** Returns how many layers a camera of this size is sent with. */
export function layerCount(width: number, height: number): 1 | 2 | 3 {
  const pixels = width * height;
  return pixels >= THREE_LAYERS ? 3 : pixels >= TWO_LAYERS ? 2 : 1;
}

/** Returns the encodings of a camera, smallest first. When bandwidth is short, it is the first to give way. */
export function cameraEncodings(width: number, height: number, bitrate: number, codec: VideoCodec): Encoding[] {
  const count = layerCount(width, height);
  if (codec === "vp9") return [scalable(count, Math.min(bitrate, ENOUGH[count]))];
  return SHARES[count].map((share, layer, { length }) => ({
    scaleResolutionDownBy: 2 ** (count - 1 - layer),
    maxBitrate: Math.floor(share * Math.min(bitrate, ENOUGH[count])),
    maxFramerate: CAMERA_RATE,
    scalabilityMode: length > 1 ? "L1T3" : single(codec),
    priority: "low",
    networkPriority: "low",
  }));
}

/** Upper layers lean on lower ones at key frames only, so that whoever gets an upper one is not sent the lower ones. */
function scalable(count: number, maxBitrate: number): Encoding {
  const scalabilityMode = count === 1 ? "L1T3" : `L${count}T3_KEY`;
  return { maxBitrate, maxFramerate: CAMERA_RATE, scalabilityMode, priority: "low", networkPriority: "low" };
}

/**
 * Returns the encodings of a screen: every letter, few times a second, and if `twice` at half the size as well.
 *
 * The full one comes first, which is what browsers keep on a thin uplink. A sender has one priority, that of its first.
 */
export function screenEncodings(bitrate: number, codec: VideoCodec, twice: boolean): Encoding[] {
  const small = twice && codec !== "vp9" ? Math.min(SMALL_SCREEN, Math.floor(bitrate / 8)) : 0;
  const one = { maxFramerate: SCREEN_RATE, scalabilityMode: single(codec) };
  const full = { ...one, maxBitrate: bitrate - small, priority: "medium", networkPriority: "medium" } as const;
  if (small === 0) return [full];
  return [
    { ...full, scaleResolutionDownBy: 1, dtx: true },
    { ...one, maxBitrate: small, scaleResolutionDownBy: 2, priority: "low", networkPriority: "low", dtx: true },
  ];
}

/**
 * How a picture is sent that is one stream. The worker drops the key frame a viewer of VP8 in temporal layers begins
 * with: it would see nothing until it asked for another, and nothing at all if the first one just took long.
 */
function single(codec: VideoCodec): string {
  return codec === "vp8" ? "L1T1" : "L1T3";
}

/** Returns what is left of layers with these bitrates, what to keep first, when all of them may use `limit` together. */
export function within(bitrates: readonly number[], limit: number): Limit[] {
  let left = limit;
  return bitrates.map((full, layer) => {
    const maxBitrate = Math.min(full, left);
    const active = layer === 0 || maxBitrate >= full * WORTH;
    if (active) left -= maxBitrate;
    return { active, maxBitrate: active ? maxBitrate : full };
  });
}
