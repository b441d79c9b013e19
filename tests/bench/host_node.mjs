// The workloads of host_psfu.py on the official Node host; prints one JSON object.
import { createRequire } from 'node:module';
import process from 'node:process';

const mediasoup = createRequire(`${process.argv[2]}/`)('mediasoup');
const sizes = JSON.parse(process.argv[3]);
const codecs = [
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
];

function rtpParameters(kind, ssrc) {
  if (kind === 'audio') {
    return {
      codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2 }],
      encodings: [{ ssrc }],
    };
  }
  return {
    codecs: [
      { mimeType: 'video/VP8', payloadType: 96, clockRate: 90000 },
      { mimeType: 'video/rtx', payloadType: 97, clockRate: 90000, parameters: { apt: 96 } },
    ],
    encodings: [{ ssrc, rtx: { ssrc: ssrc + 1 } }],
  };
}

const seconds = async (work) => {
  const begin = process.hrtime.bigint();
  const result = await work();
  return [Number(process.hrtime.bigint() - begin) / 1e9, result];
};
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, index) => make(index)));

const worker = await mediasoup.createWorker({ logLevel: 'error' });
const router = await worker.createRouter({ mediaCodecs: codecs });
const webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
const transport = () => router.createWebRtcTransport({ webRtcServer });

const sending = await transport();
const producers = [];
for (let index = 0; index < sizes.candidates; index++) {
  for (const [offset, kind] of ['video', 'video', 'audio'].entries()) {
    const parameters = rtpParameters(kind, 100000 + 10 * index + 3 * offset);
    producers.push(await sending.produce({ kind, rtpParameters: parameters }));
  }
}

async function consume(receiving, producerId) {
  const consumer = await receiving.consume({ producerId, rtpCapabilities: router.rtpCapabilities, paused: true });
  return JSON.stringify({
    id: consumer.id, producerId, kind: consumer.kind, rtpParameters: consumer.rtpParameters, type: consumer.type,
    producerPaused: consumer.producerPaused,
  });
}

async function join() {
  const receiving = await transport();
  const answer = JSON.stringify({
    id: receiving.id, iceParameters: receiving.iceParameters, iceCandidates: receiving.iceCandidates,
    dtlsParameters: receiving.dtlsParameters,
  });
  return [answer, ...await Promise.all(producers.map((producer) => consume(receiving, producer.id)))];
}

const receiving = await transport();
const capabilities = router.rtpCapabilities;
const one = () => receiving.consume({ producerId: producers[0].id, rtpCapabilities: capabilities, paused: true });

await times(sizes.warm, one);
await times(sizes.warm, () => receiving.getStats());
await times(20, transport);
const [consuming] = await seconds(() => times(sizes.consumers, one));
const [asking] = await seconds(() => times(sizes.stats, () => receiving.getStats()));
const [connecting] = await seconds(() => times(sizes.transports, transport));
const joins = [];
for (let index = 0; index < sizes.proctors; index++) {
  const [elapsed, answers] = await seconds(join);
  if (answers.length !== 3 * sizes.candidates + 1) {
    throw new Error('an answer is missing');
  }
  joins.push(elapsed);
}
joins.sort((a, b) => a - b);
console.log(JSON.stringify({
  consume: sizes.consumers / consuming,
  stats: sizes.stats / asking,
  transports: sizes.transports / connecting,
  join: joins[Math.floor(joins.length / 2)],
  memory: process.memoryUsage().rss,
}));
worker.close();
