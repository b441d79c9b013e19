import assert from "node:assert/strict";
import { test } from "node:test";
import { DisconnectedError, RefusedError } from "../../../proctor_sfu/web/src/client/errors";
import { Publisher } from "../../../proctor_sfu/web/src/client/publisher";

interface Stage {
  readonly publisher: Publisher;
  readonly asked: string[];
  /** From now on requests fail like this, null: they are granted. */
  fail(error: Error | null): void;
}

/** A page that sends a microphone. */
async function stage(): Promise<Stage> {
  const asked: string[] = [];
  let failure: Error | null = null;
  const publisher = new Publisher(
    async (method) => {
      asked.push(method);
      if (failure !== null) throw failure;
      return {};
    },
    () => {},
  );
  const produce = async ({ track }: { track: object }) => {
    const producer = { id: "p1", kind: "audio", track, paused: false, closed: false };
    const holding = (paused: boolean) => () => Object.assign(producer, { paused });
    return Object.assign(producer, { pause: holding(true), resume: holding(false) });
  };
  await publisher.use({ closed: false, produce } as unknown as Parameters<Publisher["use"]>[0]);
  await publisher.set("microphone", { kind: "audio", getSettings: () => ({}) } as unknown as MediaStreamTrack);
  const fail: Stage["fail"] = (error) => {
    failure = error;
  };
  return { publisher, asked, fail };
}

test("that a source goes on is said until the server hears it", async () => {
  const lost = new DisconnectedError("resumeProducer");
  const held = new RefusedError("resumeProducer", 409, "source_held", "a lead paused it");
  for (const error of [lost, held]) {
    const { publisher, asked, fail } = await stage();
    await publisher.limit({ microphone: 0 });
    fail(error);
    await publisher.limit({ microphone: 20_000 }).catch((thrown) => assert.equal(thrown, lost));
    fail(null);
    await publisher.limit({ microphone: 20_000 });
    await publisher.limit({ microphone: 20_000 });
    assert.deepEqual(asked, ["pauseProducer", "resumeProducer", "resumeProducer"]);
  }
});

test("a server that may have heard of a pause is told that it is over", async () => {
  const { publisher, asked, fail } = await stage();
  fail(new DisconnectedError("pauseProducer"));
  await assert.rejects(publisher.limit({ microphone: 0 }), DisconnectedError);
  fail(null);
  await publisher.limit({ microphone: 20_000 });
  assert.deepEqual(asked, ["pauseProducer", "resumeProducer"]);
  assert.equal(publisher.producer("microphone")?.paused, false);
});
