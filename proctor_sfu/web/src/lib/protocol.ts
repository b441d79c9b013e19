// What the server says, checked member by member before anything else of the page sees it; see psfu-signaling(7).

import type { types as mediasoup } from "mediasoup-client";
import * as v from "valibot";

const Text = v.string();
const Source = v.picklist(["camera", "screen", "microphone", "voice"]);
const Light = v.picklist(["green", "amber", "red", "grey"]);
const PeerState = v.picklist(["expected", "joining", "live", "degraded", "reconnecting", "lost", "left"]);
/** A time, which the server gives in seconds since 1970. */
const Seconds = v.pipe(
  v.number(),
  v.transform((seconds) => new Date(seconds * 1000)),
);
const Kind = v.picklist(["audio", "video"]);
/** Checked by mediasoup-client, whose types they are. */
const opaque = <T>() => v.custom<T>((value) => typeof value === "object" && value !== null);

export type Source = v.InferOutput<typeof Source>;
export type PeerState = v.InferOutput<typeof PeerState>;

const IceServer = v.object({
  urls: v.union([Text, v.array(Text)]),
  username: v.exactOptional(Text),
  credential: v.exactOptional(Text),
});

const Limits = v.partial(
  v.object({ camera: v.number(), screen: v.number(), microphone: v.number(), voice: v.number() }),
);

const Held = v.object({ id: Text, source: Source, paused: v.optional(v.boolean(), false) });

const Published = v.object({
  source: Source,
  producerId: Text,
  kind: v.optional(Kind),
  paused: v.optional(v.boolean(), false),
});

export const Peer = v.object({
  id: Text,
  displayName: v.optional(Text, ""),
  role: Text,
  state: v.optional(PeerState, "live"),
  light: v.optional(Light, "green"),
  reasons: v.optional(v.array(Text), []),
  sources: v.optional(v.array(Published), []),
  handRaised: v.optional(v.boolean(), false),
  handRaisedAt: v.optional(v.nullable(Seconds), null),
});
export type Peer = v.InferOutput<typeof Peer>;

const Bookmark = v.object({
  id: Text,
  peerId: Text,
  by: Text,
  note: Text,
  at: Seconds,
});
export type Bookmark = v.InferOutput<typeof Bookmark>;

const Message = v.object({
  id: Text,
  from: Text,
  displayName: v.optional(Text, ""),
  role: v.optional(Text, ""),
  to: v.optional(v.nullable(Text), null),
  text: Text,
  at: Seconds,
});
export type Message = v.InferOutput<typeof Message>;

const Talk = v.object({
  peerId: Text,
  displayName: v.optional(Text, ""),
  to: v.optional(v.picklist(["you", "all"]), "you"),
  on: v.boolean(),
});
export type Talk = v.InferOutput<typeof Talk>;

export const Welcome = v.object({
  roomId: Text,
  peerId: Text,
  role: Text,
  displayName: v.optional(Text, ""),
  sources: v.optional(v.array(Source), ["camera", "screen", "microphone"]),
  required: v.optional(v.array(Source), []),
  resumed: v.optional(v.boolean(), false),
  resumeKey: v.optional(Text),
  graceSeconds: v.optional(v.number(), 30),
  iceServers: v.optional(v.array(IceServer), []),
  /** Bits per second for each source. */
  bitrates: v.optional(Limits, {}),
  /** Own sources a lead paused. */
  held: v.optional(v.array(Source), []),
  /** What a stay that is resumed still has. */
  joined: v.optional(v.boolean(), false),
  transports: v.optional(v.array(v.object({ id: Text, direction: v.picklist(["send", "recv"]) })), []),
  producers: v.optional(v.array(Held), []),
  consumers: v.optional(v.array(v.object({ ...Held.entries, producerId: Text, peerId: Text })), []),
  peers: v.optional(v.array(Peer), []),
  messages: v.optional(v.array(Message), []),
  bookmarks: v.optional(v.array(Bookmark), []),
  talks: v.optional(v.array(Talk), []),
});
export type Welcome = v.InferOutput<typeof Welcome>;

export const Capabilities = opaque<mediasoup.RtpCapabilities>();

export const TransportAnswer = v.object({
  id: Text,
  iceParameters: opaque<mediasoup.IceParameters>(),
  iceCandidates: v.array(opaque<mediasoup.IceCandidate>()),
  dtlsParameters: opaque<mediasoup.DtlsParameters>(),
  iceServers: v.optional(v.array(IceServer)),
});

export const IceAnswer = v.object({
  usernameFragment: Text,
  password: Text,
  iceLite: v.optional(v.boolean(), true),
  iceServers: v.optional(v.array(IceServer), []),
});

export const Made = v.object({ id: Text });

export const UplinkAnswer = v.object({ sources: Limits });

/** Who is there, what was written before, and who speaks to this page now. */
export const Joined = v.object({
  peers: v.optional(v.array(Peer), []),
  messages: v.optional(v.array(Message), []),
  bookmarks: v.optional(v.array(Bookmark), []),
  talks: v.optional(v.array(Talk), []),
});
export type Joined = v.InferOutput<typeof Joined>;

export const Assignments = v.object({
  mode: v.picklist(["all", "list", "groups"]),
  groupSize: v.optional(v.nullable(v.number()), null),
  viewers: v.array(
    v.object({
      peerId: Text,
      displayName: v.optional(Text, ""),
      role: Text,
      present: v.boolean(),
      /** Its list, null: the mode decides. */
      peerIds: v.nullable(v.array(Text)),
    }),
  ),
});
export type Assignments = v.InferOutput<typeof Assignments>;
export type Viewer = Assignments["viewers"][number];

export const Sent = v.object({ id: Text, at: Seconds });

export const NewConsumer = v.object({
  id: Text,
  producerId: Text,
  peerId: Text,
  kind: Kind,
  /** In "simple" ones there are no layers to choose from. */
  type: v.optional(Text, "simple"),
  rtpParameters: opaque<mediasoup.RtpParameters>(),
  appData: v.object({ source: Source }),
  producerPaused: v.optional(v.boolean(), false),
  /** How well each layer reaches the server, 0: not at all. */
  producerScores: v.optional(v.array(v.number()), []),
});
export type NewConsumer = v.InferOutput<typeof NewConsumer>;

const Nothing = v.object({});
const OfConsumer = v.object({ consumerId: Text });
const Reason = v.object({ reason: v.optional(Text, "") });

/** The notifications this version knows. */
const NOTIFICATIONS = {
  newPeer: Peer,
  peerClosed: v.object({ peerId: Text, reason: v.optional(Text, "") }),
  peerState: v.object({
    peerId: Text,
    state: PeerState,
    light: Light,
    reasons: v.optional(v.array(Text), []),
  }),
  newProducer: v.object({ peerId: Text, producerId: Text, kind: Kind, appData: v.object({ source: Source }) }),
  producerClosed: v.object({ peerId: Text, producerId: Text, source: v.optional(Source) }),
  consumerClosed: OfConsumer,
  consumerLayersChanged: v.object({ consumerId: Text, spatialLayer: v.nullable(v.number()) }),
  consumerScore: v.object({ consumerId: Text, score: v.object({ producerScores: v.array(v.number()) }) }),
  consumerPaused: OfConsumer,
  consumerResumed: OfConsumer,
  handRaised: v.object({ peerId: Text, raised: v.boolean() }),
  message: Message,
  bookmark: Bookmark,
  talk: Talk,
  sourceHeld: v.object({ source: Source, held: v.boolean() }),
  workerDied: Nothing,
  replaced: Reason,
  kicked: Reason,
  roomClosed: Reason,
} as const;

type Schemas = typeof NOTIFICATIONS;
export type Notice = {
  [M in keyof Schemas]: { readonly method: M; readonly data: v.InferOutput<Schemas[M]> };
}[keyof Schemas];

/** Returns a notification, null for one that this version does not know; throws for one that is malformed. */
export function notice(method: string, data: unknown): Notice | null {
  if (!Object.hasOwn(NOTIFICATIONS, method)) return null;
  const name = method as keyof Schemas;
  return { method: name, data: read(NOTIFICATIONS[name], data, method) } as Notice;
}

/** Returns `data` as what it has to be; throws a ProtocolError that names what is wrong. */
export function read<S extends v.GenericSchema>(schema: S, data: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, data);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new ProtocolError(`${what}: ${v.getDotPath(issue) ?? "data"}: ${issue.message}`);
}

/** The server said something this page does not understand. */
export class ProtocolError extends Error {}
