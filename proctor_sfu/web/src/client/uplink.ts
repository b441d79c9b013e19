// How well what this page sends arrives, as the browser learns it from the server's reports.

import type { types as mediasoup } from "mediasoup-client";
import type { Uplink } from "../lib/condition";

interface Report {
  readonly type: string;
  readonly fractionLost?: number;
  readonly roundTripTime?: number;
}

/** Returns the worst of all that is sent over a transport, null while nothing is known. */
export async function uplinkOf(transport: mediasoup.Transport): Promise<Uplink | null> {
  if (transport.closed) return null;
  let worst: Uplink | null = null;
  const stats = await transport.getStats();
  stats.forEach((report: Report) => {
    if (report.type !== "remote-inbound-rtp") return;
    worst = {
      loss: Math.max(worst?.loss ?? 0, report.fractionLost ?? 0),
      roundTrip: Math.max(worst?.roundTrip ?? 0, report.roundTripTime ?? 0),
    };
  });
  return worst;
}
