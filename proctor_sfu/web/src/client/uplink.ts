// How well what this page sends arrives, as the browser learns it from the server's reports and its own estimates.

import type { types as mediasoup } from "mediasoup-client";
import type { Uplink } from "../lib/condition";

export interface Measured extends Uplink {
  /** What congestion control believes to get through, bits per second; null while it does not know. */
  readonly available: number | null;
  /** Whether something is sent in less quality than it could be, for want of that. */
  readonly limited: boolean;
}

interface Report {
  readonly type: string;
  readonly fractionLost?: number;
  readonly roundTripTime?: number;
  readonly availableOutgoingBitrate?: number;
  readonly qualityLimitationReason?: string;
  readonly mid?: string;
}

/**
 * Returns what is known of what is sent over a transport; of several sources the worst. `idle`: media sections in which
 * nothing is sent for now, of which a browser goes on reporting what was when they still were.
 */
export async function measure(transport: mediasoup.Transport, idle: readonly string[]): Promise<Measured | null> {
  if (transport.closed || transport.connectionState !== "connected") return null;
  const reports: Report[] = [];
  (await transport.getStats()).forEach((report: Report) => {
    reports.push(report);
  });
  const remote = reports.filter(({ type }) => type === "remote-inbound-rtp");
  const pairs = reports.filter(({ availableOutgoingBitrate }) => availableOutgoingBitrate !== undefined);
  return {
    loss: Math.max(0, ...remote.map(({ fractionLost }) => fractionLost ?? 0)),
    roundTrip: Math.max(0, ...remote.map(({ roundTripTime }) => roundTripTime ?? 0)),
    available:
      pairs.length > 0 ? Math.round(Math.max(...pairs.map((each) => each.availableOutgoingBitrate ?? 0))) : null,
    limited: reports.some(
      ({ qualityLimitationReason, mid = "" }) => qualityLimitationReason === "bandwidth" && !idle.includes(mid),
    ),
  };
}
