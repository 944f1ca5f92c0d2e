import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly result: Promise<CommandResult>;
  /** Resolves when stderr has shown the text. */
  saw(text: string): Promise<void>;
  interrupt(): void;
}

/** Starts `hefl` from the sources as a process of its own. */
export function startHefl(
  args: readonly string[],
  options: { readonly cwd?: string; readonly imports?: readonly string[] } = {},
): RunningCommand {
  const imports = [import.meta.resolve('tsx'), ...(options.imports ?? [])];
  const child = spawn(
    process.execPath,
    [...imports.flatMap((url) => ['--import', url]), join(root, 'src/cli/main.ts'), ...args],
    { cwd: options.cwd ?? root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<CommandResult>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    result,
    interrupt: () => child.kill('SIGINT'),
    saw: (text) =>
      new Promise((resolve, reject) => {
        const check = () => stderr.includes(text) && resolve();
        child.stderr.on('data', check);
        child.on('close', () => reject(new Error(`never said "${text}": ${stderr}`)));
        check();
      }),
  };
}

export function hefl(...args: string[]): Promise<CommandResult> {
  return startHefl(args).result;
}

/** A folder for one test file, outside the package. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hefl-cli-'));
}

export function writeText(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The smallest experiment: two clients, one round, synthetic digits. */
export function tinySpecification(changes: Readonly<Record<string, string>> = {}): string {
  const sections = {
    dataset: '{ id: synthetic-mnist, limit: 200, testLimit: 50 }',
    model: 'mlp-2fc',
    federation:
      '{ clients: 2, clientsPerRound: 2, rounds: 1, localEpochs: 1, batchSize: 16, learningRate: 0.1 }',
    membership: '{ victims: 1, candidatesPerVictim: 10, shadowSamples: 20 }',
    probes: '{ images: 1, localSteps: [1], rounds: [last] }',
    defenses: '[none, { id: random, ratio: 0.1 }]',
    attacks: '[loss-threshold, analytic-fc]',
    adversaries: '[stale, oracle]',
    ...changes,
  };
  return Object.entries(sections)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
}
