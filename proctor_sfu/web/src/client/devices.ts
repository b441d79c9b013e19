// Cameras, microphones and screens of the person at the page, and what a browser says when it does not give them.

import { CAMERA_RATE, SCREEN_RATE } from "../lib/layers";

export type Trouble = "denied" | "absent" | "busy" | "unsupported" | "failed";

/** A device could not be opened. */
export class DeviceError extends Error {
  constructor(
    readonly trouble: Trouble,
    cause: unknown,
  ) {
    super(trouble, { cause });
  }
}

export interface Choice {
  readonly id: string;
  readonly label: string;
}

/** Whether this browser can share a screen at all; those of phones cannot. */
export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/** Returns the devices of a kind; their labels are empty until one was opened. */
export async function choices(kind: MediaDeviceKind): Promise<Choice[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter((each) => each.kind === kind && each.deviceId)
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** Opens a camera; raises DeviceError. */
export async function openCamera(deviceId?: string): Promise<MediaStreamTrack> {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: CAMERA_RATE, max: 30 } };
  const track = await open(() => navigator.mediaDevices.getUserMedia({ video: { ...size, ...exactly(deviceId) } }));
  track.contentHint = "motion";
  return track;
}

/** Opens a microphone; raises DeviceError. */
export async function openMicrophone(deviceId?: string): Promise<MediaStreamTrack> {
  // No noise suppression: a whisper in the background is what an invigilator has to hear.
  const sound = { echoCancellation: true, autoGainControl: true, noiseSuppression: false, channelCount: 1 };
  return open(() => navigator.mediaDevices.getUserMedia({ audio: { ...sound, ...exactly(deviceId) } }));
}

interface ScreenOptions extends DisplayMediaStreamOptions {
  readonly monitorTypeSurfaces: "include";
  readonly selfBrowserSurface: "exclude";
  readonly surfaceSwitching: "exclude";
}

/** Lets the person choose a screen to share, as a browser allows only after a click; raises DeviceError. */
export async function openScreen(): Promise<MediaStreamTrack> {
  const options: ScreenOptions = {
    video: {
      displaySurface: "monitor",
      frameRate: { ideal: SCREEN_RATE, max: SCREEN_RATE },
      width: { max: 1920 },
      height: { max: 1200 },
    },
    audio: false,
    monitorTypeSurfaces: "include",
    selfBrowserSurface: "exclude",
    surfaceSwitching: "exclude",
  };
  const track = await open(() => navigator.mediaDevices.getDisplayMedia(options));
  track.contentHint = "detail";
  return track;
}

/** Whether a screen track shows only a part of the screen. */
export function isPartial(track: MediaStreamTrack): boolean {
  const { displaySurface } = track.getSettings();
  return displaySurface !== undefined && displaySurface !== "monitor";
}

function exactly(deviceId: string | undefined): MediaTrackConstraints {
  return deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
}

async function open(ask: () => Promise<MediaStream>): Promise<MediaStreamTrack> {
  try {
    const [track] = (await ask()).getTracks();
    if (track === undefined) throw new DeviceError("failed", "no track");
    return track;
  } catch (error) {
    throw error instanceof DeviceError ? error : new DeviceError(troubleOf(error), error);
  }
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof TypeError) return "unsupported";
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "absent";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}
