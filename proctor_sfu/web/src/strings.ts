// Every English text of both pages. A translation is another file of this shape.

import type { Ending } from "./lib/closing";
import type { Condition } from "./lib/condition";
import type { Command } from "./lib/keys";
import type { Light } from "./lib/order";
import type { Assignments, PeerState, Source, Viewer } from "./lib/protocol";
import { type Candidate, present } from "./lib/roster";
import type { Filter } from "./lib/wall";

type Trouble = "denied" | "absent" | "busy" | "unsupported" | "failed";

export interface Told {
  readonly title: string;
  readonly detail: string;
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;

const sources: Record<Source, string> = {
  camera: "Camera",
  screen: "Screen",
  microphone: "Microphone",
  voice: "Voice",
};

const endings: Record<Ending, Told> = {
  left: { title: "You have left the exam", detail: "Open your link again if you want to come back." },
  kicked: {
    title: "You were taken out of this exam",
    detail: "Speak to the exam office if you think that is a mistake.",
  },
  "room-closed": { title: "This exam is over", detail: "You can close this page." },
  replaced: {
    title: "This exam was opened somewhere else",
    detail: "Your link is in use in another window or on another device. Only one of them can be in the exam.",
  },
  refused: { title: "This link does not let you in", detail: "Ask whoever sent it to you for a new one." },
};

export const strings = {
  document: {
    title: { candidate: "Exam", proctor: "Proctoring" },
    noscript: "This page needs JavaScript. Allow it for this site, then open your link again.",
  },

  sources,
  endings,

  noLink: {
    title: "Open this page with your link",
    detail: "The link you were sent contains what lets you in. Copy all of it, also what comes after the # sign.",
  },
  insecure: {
    title: "This page needs a secure connection",
    detail:
      "Browsers give cameras and microphones to pages opened with https:// only. Ask for a link that begins with it.",
  },

  room: (room: string) => `Room ${room}`,
  you: (name: string) => `You are ${name}`,
  close: "Close",
  cancel: "Cancel",
  reason: (reason: string) => `Reason: ${reason}`,

  condition(condition: Condition, joined: boolean): Told {
    switch (condition.kind) {
      case "ended":
        return endings[condition.ending];
      case "connecting":
        return { title: "Connecting…", detail: "This takes a moment." };
      case "offline":
        return {
          title: "Your device has no internet connection",
          detail: "Check your Wi-Fi or cable. Leave this page open: it comes back by itself.",
        };
      case "occupied":
        return {
          title: "This exam is open somewhere else",
          detail: "Close it in the other window or on the other device. This page goes on by itself.",
        };
      case "reconnecting":
        return {
          title: `Connection lost for ${condition.seconds} s`,
          detail: "Reconnecting by itself. Go on with your exam and leave this page open.",
        };
      case "restoring":
        return {
          title: "Picture and sound are interrupted",
          detail: "They are being restored by themselves. Go on with your exam and leave this page open.",
        };
      case "weak":
        return {
          title: "Your connection is weak",
          detail: "You are still connected. Close other programs that use the internet, or move closer to your Wi-Fi.",
        };
      case "good":
        return joined
          ? { title: "Connected", detail: "Your proctor can see you. Leave this page open until the exam is over." }
          : { title: "Connected", detail: "You are not in the exam yet." };
    }
  },

  check: {
    title: "Check your devices",
    intro: "Nobody sees or hears you before you join.",
    join: "Join the exam",
    joining: "Joining…",
    missing: (names: readonly string[]) => `Still needed: ${names.join(", ")}.`,
    optional: "optional",
    required: "needed",
    ready: "All set.",
    sound: "Loudspeaker",
    playSound: "Play a test sound",
    soundHint: "Your proctor may speak to you. You should hear two short tones.",
    speaker: "Play sound on",
  },

  device: {
    choose: (source: Source) => `Choose ${sources[source].toLowerCase()}`,
    unnamed: (source: Source, index: number) => `${sources[source]} ${index}`,
    shareScreen: "Share your screen",
    shareAgain: "Share your screen again",
    otherScreen: "Share another screen",
    restore: (source: Source) => `Restore ${sources[source].toLowerCase()}`,
    retry: "Try again",
    preview: (source: Source) => `Your ${source === "screen" ? "shared screen" : "camera"}, as others will see it`,
    level: "Sound level",
    noScreenHere:
      "This browser cannot share a screen. Phones and tablets never can; use a computer if your exam asks for it.",
    off: { camera: "No picture yet", screen: "Not shared", microphone: "No sound yet", voice: "" },
    asking: {
      camera: "Your browser asks whether this page may use the camera. Allow it.",
      screen: "Choose “Entire screen” in the window your browser opened.",
      microphone: "Your browser asks whether this page may use the microphone. Allow it.",
      voice: "",
    },
    on: { camera: "Working", screen: "Shared", microphone: "We hear you", voice: "" },
    quiet: "Say something: the bar should move",
    silent: {
      camera: "It sends no picture",
      screen: "It sends no picture",
      microphone: "It sends no sound",
      voice: "",
    },
    lost: {
      camera: "The camera was lost. Was it unplugged, or does another program use it?",
      screen: "Your screen is no longer shared.",
      microphone: "The microphone was lost. Was it unplugged?",
      voice: "",
    },
    partial: "You share one window or tab. Share the entire screen unless you were told otherwise.",
    refused: "The exam does not take this",
    held: "Paused by your proctor",
    trouble(source: Source, trouble: Trouble): string {
      const name = sources[source].toLowerCase();
      switch (trouble) {
        case "denied":
          return source === "screen"
            ? "You did not choose a screen."
            : `Your browser does not let this page use the ${name}. Click the icon left of the address and allow it.`;
        case "absent":
          return `No ${name} was found.`;
        case "busy":
          return `The ${name} is in use by another program. Close that program and try again.`;
        case "unsupported":
          return `This browser cannot use a ${name}.`;
        case "failed":
          return `The ${name} could not be started.`;
      }
    },
  },

  exam: {
    raiseHand: "Raise hand",
    lowerHand: "Lower hand",
    handUp: "Your hand is up. Your proctor has been told.",
    leave: "Leave the exam",
    leaveTitle: "Leave the exam?",
    leaveDetail: "Your proctor sees that you left. Do this only when you have handed in your exam.",
    stay: "Stay",
    talksToYou: (name: string) => `${name} is speaking to you`,
    talksToAll: (name: string) => `${name} is speaking to everybody`,
    hear: "Click to hear your proctor",
    messages: "Messages",
    toProctor: "Message to your proctor",
    you: "You",
    toAll: "to everybody",
    noMessages: "Messages from and to your proctor appear here.",
    notSent: "Not sent: there is no connection. Try again in a moment.",
    send: "Send",
    yourSources: "What your proctor sees",
  },

  light: { red: "problem", amber: "warning", green: "fine", grey: "away" } satisfies Record<Light, string>,
  state: {
    expected: "Not here yet",
    joining: "Checking devices",
    live: "Live",
    degraded: "Weak connection",
    reconnecting: "Reconnecting",
    lost: "Connection lost",
    left: "Has left",
  } satisfies Record<PeerState, string>,

  /** What the server found, by its code; one of a later version is shown as it is. */
  reasons: {
    disconnected: "connection lost",
    transport: "media interrupted",
    no_media: "nothing arrives",
    source_missing: "a source is missing",
    gap: "gaps",
    loss: "packets lost",
    frozen: "picture frozen",
    bitrate: "picture poor",
    fps: "picture jerky",
    score: "quality drops",
    jitter: "network unsteady",
    rtt: "network slow",
    downlink: "downlink thin",
    silence: "microphone silent",
  } as Readonly<Record<string, string>>,

  roles: { proctor: "Proctor", lead: "Lead proctor", observer: "Observer" } as Readonly<Record<string, string>>,

  bar: {
    search: "Search name or id",
    filter: "Show",
    filters: { all: "All", problems: "Problems", hands: "Hands", away: "Away" } satisfies Record<Filter, string>,
    shows: "Tiles show",
    sources: { camera: "Camera", screen: "Screen", both: "Both" },
    size: "Tiles on a page",
    tiles: (size: number) => `${size} tiles`,
    pages: "Pages",
    previous: "Previous page",
    next: "Next page",
    range: (first: number, last: number, all: number) => `${first}–${last} of ${all}`,
    none: "0",
  },

  wall: {
    label: "Candidates",
    empty: "Nobody here matches.",
    waiting: "Nobody is in this room yet. Candidates appear by themselves.",
    handUp: "hand is up",
    paused: "Paused",
    starved: "Your connection is too thin for this picture",
    standing: (seconds: number) => `No new picture for ${seconds} s`,
    nothing(candidate: Candidate, wanted: "camera" | "screen" | "both"): string {
      if (!present(candidate) || candidate.state === "joining") return strings.state[candidate.state];
      return wanted === "both" ? "No picture" : `No ${wanted}`;
    },
    news: (name: string, light: Light, reasons: string) =>
      `${name}: ${[strings.light[light], reasons].filter(Boolean).join(", ")}`,
    moreNews: (number: number) => `${number} more changed`,
    handNews: (name: string) => `${name} raised a hand`,
  },

  focus: {
    close: "Back to the wall",
    listen: "Listen",
    message: "Message",
    bookmark: "Bookmark",
    facts: "Sources and findings",
    dismiss: "Take out…",
    reduced: "Smaller picture: your connection carries no more",
    pause: (source: Source) => `Pause ${sources[source].toLowerCase()}`,
    goOn: (source: Source) => `Let ${sources[source].toLowerCase()} go on`,
    source: (source: Source, missing: boolean, paused: boolean) =>
      `${sources[source]}: ${missing ? "missing" : paused ? "paused" : "on"}`,
    picture: (source: Source, name: string) => `${sources[source]} of ${name}`,
  },

  talk: {
    whisper: "Whisper",
    announce: "Announce",
    hint: "Hold to speak while you hold, or tap to speak until you tap again",
    toOne: (name: string) => `You speak to ${name}`,
    toAll: (number: number) => `You speak to ${number === 1 ? "the one candidate" : `all ${number} candidates`}`,
    stop: "Stop",
    nobody: "Choose a candidate first: whom should the whisper reach?",
    refused: (reason: string) => `Speaking is not possible: ${reason}`,
  },

  side: {
    label: "Hands and messages",
    hands: "Raised hands",
    noHands: "None",
    log: "Messages and bookmarks",
    noMessages: "What is written or noted appears here.",
    toAll: "Message to everybody",
    toOne: (name: string) => `Message to ${name}`,
    to: (name: string) => `to ${name}`,
    notedBy: (name: string) => `bookmark by ${name}`,
  },

  bookmark: {
    title: (name: string) => `Bookmark ${name}`,
    detail: "Marks this moment for whoever looks at the exam later.",
    note: "What happened? (optional)",
    save: "Save bookmark",
    saved: (name: string) => `Bookmark for ${name} saved`,
    failed: "Not saved: there is no connection, or the candidate has left.",
  },

  kick: {
    title: (name: string) => `Take ${name} out of the exam?`,
    detail: "The page of the candidate ends and says so. What was recorded is kept.",
    note: "Reason, which the candidate reads",
    save: "Take out",
    failed: "Not done: there is no connection, or the candidate has left.",
  },

  assign: {
    open: "Assign…",
    title: "Who watches whom",
    viewer: "Proctor or observer",
    who: ({ peerId, displayName, role, present, peerIds }: Viewer) =>
      [
        displayName || peerId,
        strings.roles[role] ?? role,
        present ? "" : "not here",
        peerIds === null ? "" : `${count(peerIds.length, "candidate", "candidates")} by list`,
      ]
        .filter(Boolean)
        .join(", "),
    byRoom: ({ mode, groupSize }: Assignments) =>
      ({
        all: "Watches everybody, as the room says",
        list: "Watches nobody, as the room says",
        groups: `Watches the groups of ${groupSize} that the room deals out`,
      })[mode],
    byList: "Watches these candidates only:",
    candidates: "Candidates to watch",
    search: "Search name or id",
    all: "All",
    allShown: "All of those shown",
    none: "None",
    noneShown: "None of those shown",
    ticked: (number: number, all: number) => `${number} of ${all}`,
    save: "Save",
    saved: ({ peerId, displayName }: Viewer, number: number | null) =>
      `Saved: ${displayName || peerId} watches ${number === null ? "what the room says" : count(number, "candidate", "candidates")}.`,
    nobody: "No proctor is here or expected yet.",
    refused: (reason: string) => `Not saved: ${reason}`,
    failed: "Not saved: there is no connection.",
  },

  help: {
    title: "Keyboard",
    enter: "Enter",
    walk: "Walk over the wall, open a candidate",
    letters: "Single letters are shortcuts",
    keys: { Escape: "Esc", PageDown: "Page ↓", PageUp: "Page ↑" } as Readonly<Record<string, string>>,
    commands: {
      search: "Search",
      back: "Back to the wall, clear the search",
      whisper: "Whisper to the candidate: hold, or tap on and off",
      announce: "Announce to everybody: hold, or tap on and off",
      message: "Write to the candidate, or to everybody",
      bookmark: "Bookmark this moment of the candidate",
      listen: "Hear the candidate in focus, or not",
      hand: "Open whoever raised a hand first",
      next: "Next page",
      previous: "Previous page",
      filter: "Next filter: all, problems, hands, away",
      sources: "Tiles show camera, screen or both",
      help: "This list",
    } satisfies Record<Command, string>,
  },

  link: {
    waiting: (seconds: number) => `Connection lost for ${seconds} s, reconnecting`,
    connecting: "Connecting…",
    occupied: "Open in another window, waiting",
  },

  count,
} as const;
