import assert from "node:assert/strict";
import { test } from "node:test";
import { DisconnectedError } from "../../../proctor_sfu/web/src/client/errors";
import { type Addressee, Talker } from "../../../proctor_sfu/web/src/client/talker";

interface Stage {
  readonly talker: Talker;
  readonly asked: string[];
  readonly track: { enabled: boolean; readyState: string };
  heard(): Addressee | null;
  failures(): number;
  /** From now on requests fail because there is no connection, or are heard again. */
  lose(lost: boolean): void;
}

function stage(refuse = ""): Stage {
  const asked: string[] = [];
  const track = { enabled: true, readyState: "live" };
  let heard: Addressee | null = null;
  let failures = 0;
  let lost = false;
  const talker = new Talker(
    async (method, data) => {
      asked.push(`${method} ${JSON.stringify(data)}`);
      if (lost) throw new DisconnectedError(method);
      if (method === refuse) throw new Error("refused");
      return {};
    },
    { set: async (source) => void asked.push(`set ${source}`) },
    (to) => {
      heard = to;
    },
    () => {
      failures += 1;
    },
    async () => track as unknown as MediaStreamTrack,
  );
  const lose: Stage["lose"] = (now) => {
    lost = now;
  };
  return { talker, asked, track, heard: () => heard, failures: () => failures, lose };
}

/** Lets everything that was begun end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the voice is published before it is addressed, and sounds only while it is", async () => {
  const { talker, asked, track, heard } = stage();
  talker.address({ peerId: "ann" });
  await settled();
  assert.deepEqual(asked, ["set voice", 'whisper {"peerId":"ann"}']);
  assert.equal(track.enabled, true);
  assert.deepEqual(heard(), { peerId: "ann" });
  talker.address(null);
  assert.equal(track.enabled, false, "silent at once, whatever the server takes");
  await settled();
  assert.equal(asked.at(-1), 'whisper {"peerId":null}');
  assert.equal(heard(), null);
});

test("who lets go before the microphone is open has said nothing to anybody", async () => {
  const { talker, asked, track } = stage();
  talker.address("all");
  talker.address(null);
  await settled();
  assert.ok(!asked.some((each) => each.startsWith("announce")));
  assert.ok(!asked.includes("set voice") || !track.enabled);
});

test("from one to another it goes directly, from one to all by way of nobody", async () => {
  const { talker, asked } = stage();
  for (const to of [{ peerId: "ann" }, { peerId: "bob" }, "all", null] as const) {
    talker.address(to);
    await settled();
  }
  assert.deepEqual(
    asked.filter((each) => !each.startsWith("set")),
    [
      'whisper {"peerId":"ann"}',
      'whisper {"peerId":"bob"}',
      'whisper {"peerId":null}',
      'announce {"on":true}',
      'announce {"on":false}',
    ],
  );
});

test("what the server refuses leaves the voice silent and is told", async () => {
  const { talker, track, heard, failures } = stage("announce");
  talker.address("all");
  await settled();
  assert.deepEqual([track.enabled, heard(), failures()], [false, null, 1]);
});

test("what was lost with the connection is made good when it is back: nobody is spoken to", async () => {
  const { talker, asked, lose } = stage();
  talker.address({ peerId: "ann" });
  await settled();
  lose(true);
  talker.address(null);
  await settled();
  asked.length = 0;
  talker.resumed();
  await settled();
  lose(false);
  talker.resumed();
  talker.resumed();
  await settled();
  assert.deepEqual(asked, ['whisper {"peerId":null}', 'whisper {"peerId":null}'], "until it is heard, and once");
});

test("after a connection that was lost in silence nothing is told", async () => {
  const { talker, asked } = stage();
  talker.resumed();
  await settled();
  assert.deepEqual(asked, []);
});
