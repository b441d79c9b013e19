// Carries out scripts on the official Node host: one JSON document a line on stdin, one answer a line on stdout.
// The first line is {node, api, worker}; every other one {do, ...}, see the table at the end.
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => {
  const { value, done } = await lines.next();
  return done ? undefined : JSON.parse(value);
};
const answer = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);

const { node, api, worker: settings } = await next();
const mediasoup = createRequire(`${node}/`)('mediasoup');
const kindOf = (value) => (value?.constructor?.name ?? '').replace(/Impl$/, '');
const isEntity = (value) => kindOf(value) in api;

// What JSON lacks: bytes, 64-bit numbers, entities.
function plain(value) {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  if (value instanceof Uint8Array) {
    return { $hex: Buffer.from(value).toString('hex') };
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (isEntity(value)) {
    return { $entity: String(value.id ?? value.pid) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, content]) => [key, plain(content)]));
}

function portrait(entity) {
  const { getters } = api[kindOf(entity)];
  return { $is: kindOf(entity), ...Object.fromEntries(getters.map((name) => [name, plain(entity[name])])) };
}

class Case {
  constructor(worker) {
    this.saved = { host: { createWorker: () => mediasoup.createWorker(settings) } };
    this.entities = {};
    this.names = {};
    this.events = [];
    this.listeners = [];
    this.saved.worker = worker;
    this.know('worker', worker);
  }

  know(name, entity) {
    this.entities[name] = entity;
    this.names[String(entity.id ?? entity.pid)] ??= name;
    for (const event of api[kindOf(entity)].events) {
      for (const [prefix, emitter] of [['', entity], ['observer ', entity.observer]]) {
        const listener = (...args) => this.events.push([name, `${prefix}${event}`, plain(args)]);
        emitter.on(event, listener);
        this.listeners.push([emitter, event, listener]);
      }
    }
  }

  resolve(value) {
    if (typeof value === 'string' && value.startsWith('$')) {
      return value.slice(1).split('.').reduce((object, key) => object[key], this.saved);
    }
    if (Array.isArray(value)) {
      return value.map((each) => this.resolve(each));
    }
    if (value !== null && typeof value === 'object') {
      if ('$hex' in value) {
        return Buffer.from(value.$hex, 'hex');
      }
      return Object.fromEntries(Object.entries(value).map(([key, content]) => [key, this.resolve(content)]));
    }
    return value;
  }

  async step({ target, method, args, save }) {
    const outcome = { atOnce: [] };
    try {
      const object = this.resolve(`$${target}`);
      const promise = object[method](...this.resolve(args));
      outcome.atOnce = this.events.splice(0);
      const result = await promise;
      if (save) {
        this.saved[save] = result;
      }
      if (isEntity(result)) {
        this.know(save, result);
        outcome.made = { [save]: portrait(result) };
      } else if (save) {
        outcome.made = {};
        for (const [key, entity] of Object.entries(result)) {
          this.know(`${save}.${key}`, entity);
          outcome.made[`${save}.${key}`] = portrait(entity);
        }
      } else {
        outcome.result = plain(result);
      }
    } catch (error) {
      outcome.error = error.name;
    }
    await this.settle();
    outcome.later = this.events.splice(0);
    return outcome;
  }

  // Requests are answered in order: behind an answer, all notifications caused before it have arrived. A pipe passes
  // one on as a request, hence the repetition.
  async settle() {
    const workers = Object.values(this.entities).filter((entity) => kindOf(entity) === 'Worker');
    for (let round = 0; round < 4; round++) {
      await Promise.all(workers.filter(({ closed }) => !closed).map((worker) => worker.getResourceUsage()));
      await turn();
    }
    const ending = workers.filter(({ closed, subprocessClosed }) => closed && !subprocessClosed);
    await Promise.all(ending.map((worker) => once(worker, 'subprocessclose')));
  }

  async run(steps) {
    const outcomes = [];
    for (const step of steps) {
      outcomes.push(await this.step(step));
    }
    const end = Object.entries(this.entities).map(([name, entity]) => [name, portrait(entity)]);
    for (const [emitter, event, listener] of this.listeners) {
      emitter.off(event, listener);
    }
    for (const [name, entity] of Object.entries(this.entities)) {
      if (name !== 'worker') {
        entity.close();
      }
    }
    await this.settle();
    return { outcomes, end: Object.fromEntries(end), names: this.names };
  }
}

// Negotiation alone, without a worker: all that comes of a router's codecs, a sender and a receiver.
function negotiate({ codecs, kind, sender, receiver, pipe, enableRtx }) {
  const { ortc } = mediasoup;
  const found = {};
  try {
    found.router = ortc.generateRouterRtpCapabilities(codecs);
    ortc.validateAndNormalizeRtpParameters(sender);
    found.mapping = ortc.getProducerRtpParametersMapping(sender, found.router);
    found.sender = sender;
    found.consumable = ortc.getConsumableRtpParameters(kind, sender, found.router, found.mapping);
    found.piped = ortc.getPipeConsumerRtpParameters({ consumableRtpParameters: found.consumable, enableRtx });
    found.canConsume = ortc.canConsume(found.consumable, receiver);
    found.consumer = ortc.getConsumerRtpParameters({
      consumableRtpParameters: found.consumable, remoteRtpCapabilities: receiver, pipe, enableRtx,
    });
  } catch (error) {
    found.error = error.name;
  }
  return found;
}

function answerOf(local, remote) {
  const h264 = createRequire(`${node}/`)('h264-profile-level-id');
  if (!h264.isSameProfile(local, remote)) {
    return null;
  }
  return { level: h264.generateProfileLevelIdStringForAnswer(local, remote) };
}

const worker = await mediasoup.createWorker(settings);
const supported = mediasoup.getSupportedRtpCapabilities();
mediasoup.ortc.validateAndNormalizeRtpCapabilities(supported);
answer({ version: mediasoup.version, supported });

const DO = {
  run: ({ steps }) => new Case(worker).run(steps),
  negotiate: ({ rounds }) => rounds.map(negotiate),
  h264: ({ pairs }) => pairs.map(([local, remote]) => answerOf(local, remote)),
  scalability: ({ modes }) => modes.map((mode) => mediasoup.parseScalabilityMode(mode)),
};
for (let document = await next(); document !== undefined; document = await next()) {
  answer(await DO[document.do](document));
}
worker.close();
