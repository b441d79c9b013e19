import assert from "node:assert/strict";
import { test } from "node:test";
import { Consumers } from "../../../proctor_sfu/web/src/client/consumers";
import type { NewConsumer } from "../../../proctor_sfu/web/src/lib/protocol";

interface Stage {
  readonly consumers: Consumers;
  /** Whose sources were told to have another track, or none. */
  readonly changed: string[];
  readonly closed: string[];
  /** Offers a consumer; the browser is done with it when `made` is called. */
  offer(id: string, paused?: boolean): { readonly taken: Promise<void>; made(): void };
}

function stage(): Stage {
  const changed: string[] = [];
  const closed: string[] = [];
  const consumers = new Consumers((peerId, source) => changed.push(`${peerId} ${source}`));
  const offer: Stage["offer"] = (id, paused = false) => {
    let made = () => {};
    const consumer = { id, closed: false, close: () => closed.push(id) };
    const consume = () =>
      new Promise((resolve) => {
        made = () => resolve(consumer);
      });
    const offered = {
      id,
      peerId: "ann",
      producerId: "p",
      kind: "video",
      type: "simple",
      appData: { source: "camera" },
    };
    const data = {
      ...offered,
      rtpParameters: {},
      producerPaused: paused,
      producerScores: [],
    } as unknown as NewConsumer;
    const taken = consumers.take(data, { consume } as unknown as Parameters<Consumers["take"]>[1]);
    return { taken, made: () => made() };
  };
  return { consumers, changed, closed, offer };
}

test("one that is closed while the browser still makes it is never shown", async () => {
  const { consumers, changed, closed, offer } = stage();
  const { taken, made } = offer("c1");
  consumers.closed("c1");
  made();
  await taken;
  assert.equal(consumers.get("ann", "camera"), undefined);
  assert.deepEqual([changed, closed], [[], ["c1"]]);
});

test("a new start, and a server that does not have it any more, end one that is still being made", async () => {
  for (const end of [(all: Consumers) => all.clear(), (all: Consumers) => void all.reconcile([])]) {
    const { consumers, closed, offer } = stage();
    const { taken, made } = offer("c1");
    end(consumers);
    made();
    await taken;
    assert.equal(consumers.get("ann", "camera"), undefined);
    assert.deepEqual(closed, ["c1"]);
  }
});

test("one that is still being made is none the server has and this page lacks", () => {
  const { consumers, offer } = stage();
  offer("c1");
  assert.deepEqual(consumers.reconcile([{ id: "c1" }, { id: "c2" }]), ["c2"]);
});

test("whether its source is paused is known from the offer on, also what is told before it is made", async () => {
  const { consumers, offer } = stage();
  const { taken, made } = offer("c1", true);
  assert.equal(consumers.paused("ann", "camera"), undefined);
  consumers.pausing("c1", false);
  consumers.pausing("c1", true);
  made();
  await taken;
  assert.equal(consumers.paused("ann", "camera"), true);
  consumers.pausing("c1", false);
  assert.equal(consumers.paused("ann", "camera"), false);
});
