import { didYouMean } from '../platform/did-you-mean.ts';
import { openCompiledEngine } from './compile/index.ts';
import type { Device } from './compile/loop-runner.ts';
import { EagerEngine } from './eager.ts';
import type { Engine } from './program.ts';
import { tf } from './tensors.ts';
import { startWasmBackend } from './wasm/backend.ts';

interface Unavailable {
  /** Why this engine can't be used here, in a sentence. */
  readonly unavailable: string;
}

/** Where programs run; `auto` is `cuda` where it works, else `cpu`. */
export const DEVICES = ['cpu', 'cuda', 'auto'] as const;
export type DeviceChoice = (typeof DEVICES)[number];

interface Place {
  readonly device: Device;
  /** Worker threads of the compiled engine; 0: it runs in the calling thread. */
  readonly workers: number;
}

interface Candidate {
  readonly id: Engine['id'];
  open(place: Place): Promise<Engine | Unavailable>;
}

const cpuOnly =
  (open: () => Promise<Engine | Unavailable>): Candidate['open'] =>
  async ({ device }) =>
    device === 'cpu' ? open() : { unavailable: 'it runs on the CPU only' };

/** Engines that run tfjs step by step, best first. */
const eager: readonly Candidate[] = [
  { id: 'tfjs-node-gpu', open: () => openNative('tfjs-node-gpu') },
  { id: 'tfjs-node', open: cpuOnly(() => openNative('tfjs-node')) },
  { id: 'wasm', open: cpuOnly(openWasm) },
  { id: 'cpu', open: cpuOnly(openCpu) },
];

/** All engines, best first. */
const candidates: readonly Candidate[] = [
  {
    id: 'compiled',
    open: (place) =>
      openCompiledEngine({
        ...place,
        fallback: () => openFirst(eager, { ...place, device: 'cpu' }),
      }),
  },
  ...eager,
];

export interface EngineOptions {
  /** Takes this engine or fails, instead of the best one there is. */
  readonly prefer?: Engine['id'];
  /** `cpu` by default: most programs here are too small to gain from a GPU. */
  readonly device?: DeviceChoice;
  /**
   * Worker threads in which compiled programs run side by side, the calling thread staying free; by
   * default none.
   */
  readonly workers?: number;
}

/**
 * Opens the best engine this machine has: compiled programs, the user's own tfjs-node-gpu or
 * tfjs-node, WebAssembly, plain JavaScript. The environment variables `HEFL_ENGINE` and
 * `HEFL_DEVICE` name another and win over `prefer` and `device`.
 *
 * @throws {Error} when the engine or device asked for is unknown, or can't be used here.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { workers = 0 } = options;
  const device = namedDevice() ?? options.device ?? 'cpu';
  if (device !== 'auto') return openOn({ device, workers }, options.prefer);
  const reason = await unavailableCuda();
  return openOn({ device: reason === undefined ? 'cuda' : 'cpu', workers }, options.prefer);
}

async function openOn(place: Place, prefer: Engine['id'] | undefined): Promise<Engine> {
  const named = namedEngine() ?? prefer;
  if (named === undefined) return openFirst(candidates, place);
  const engine = await (candidates.find(({ id }) => id === named) as Candidate).open(place);
  if ('unavailable' in engine)
    throw new Error(
      `The engine ${named} was asked for and can't be used here: ${engine.unavailable}. Ask for another, or for none to get the best there is.`,
    );
  return engine;
}

/** The device that was asked for can't be used here; the message says what to do. */
export class DeviceUnavailable extends Error {
  override readonly name = 'DeviceUnavailable';
}

/**
 * Checks that a device can be used here, before a run is begun on it.
 *
 * @throws {DeviceUnavailable} with the reason and the remedy.
 */
export async function requireDevice(device: DeviceChoice): Promise<void> {
  if (device !== 'cuda') return;
  const reason = await unavailableCuda();
  if (reason !== undefined)
    throw new DeviceUnavailable(
      `The device cuda was asked for and can't be used here: ${reason}. Or run with --device cpu.`,
    );
}

/** Why the GPU can't be used here, with the remedy; undefined where it can. */
export async function unavailableCuda(): Promise<string | undefined> {
  const engine = await openCompiledEngine({ device: 'cuda' });
  return 'unavailable' in engine ? engine.unavailable : undefined;
}

export interface EngineFact {
  readonly id: Engine['id'];
  readonly available: boolean;
  /** What it is, or why it can't be used here. */
  readonly about: string;
  readonly chosen: boolean;
}

/** Every engine with whether it can be used here; for `hefl doctor`. Opens each for a moment. */
export async function engineFacts(options: EngineOptions = {}): Promise<EngineFact[]> {
  const named = namedEngine() ?? options.prefer;
  const opened: { id: Engine['id']; available: boolean; about: string }[] = [];
  for (const { id, open } of candidates) {
    const engine = await open({ device: 'cpu', workers: 0 });
    const available = !('unavailable' in engine);
    opened.push({ id, available, about: available ? engine.reason : engine.unavailable });
  }
  const chosen = named ?? opened.find(({ available }) => available)?.id;
  return opened.map((fact) => ({ ...fact, chosen: fact.available && fact.id === chosen }));
}

function namedEngine(): Engine['id'] | undefined {
  const named = process.env.HEFL_ENGINE;
  if (named === undefined || named === '') return undefined;
  const ids = candidates.map(({ id }) => id);
  const found = ids.find((id) => id === named);
  if (found) return found;
  throw new Error(`HEFL_ENGINE=${named} is no engine: ${didYouMean(named, ids)}`);
}

function namedDevice(): DeviceChoice | undefined {
  const named = process.env.HEFL_DEVICE;
  if (named === undefined || named === '') return undefined;
  const found = DEVICES.find((device) => device === named);
  if (found) return found;
  throw new Error(`HEFL_DEVICE=${named} is no device: ${didYouMean(named, DEVICES)}`);
}

async function openFirst(among: readonly Candidate[], place: Place): Promise<Engine> {
  const reasons: string[] = [];
  for (const { id, open } of among) {
    const engine = await open(place);
    if (!('unavailable' in engine)) return engine;
    reasons.push(`${id}: ${engine.unavailable}`);
  }
  throw new Error(
    `No tensor engine can be used on the device ${place.device} here. ${reasons.join('; ')}.`,
  );
}

/** The user's own installation of TensorFlow for Node, an optional peer. */
async function openNative(id: 'tfjs-node' | 'tfjs-node-gpu'): Promise<Engine | Unavailable> {
  const name = `@tensorflow/${id}`;
  try {
    await import(name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(name))
      return { unavailable: `${name} is not installed` };
    return {
      unavailable: `${name} is installed but does not load on Node ${process.versions.node} (${firstLine(message)})`,
    };
  }
  // Both packages register TensorFlow's library under this name.
  if (!(await tf.setBackend('tensorflow')))
    return { unavailable: `${name} is installed but its library does not start` };
  return new EagerEngine(
    id,
    'tensorflow',
    `${name} is installed; steps run on TensorFlow's library`,
  );
}

async function openWasm(): Promise<Engine | Unavailable> {
  try {
    await startWasmBackend();
  } catch (error) {
    return { unavailable: `WebAssembly does not start (${firstLine((error as Error).message)})` };
  }
  return new EagerEngine(
    'wasm',
    'wasm',
    "steps run one by one on tfjs's WebAssembly backend, on one thread",
  );
}

async function openCpu(): Promise<Engine> {
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  return new EagerEngine('cpu', 'cpu', 'steps run one by one in plain JavaScript, slowly');
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] as string;
}
