import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Workload, workloads } from './engine-programs.ts';
import type { Stall } from './stall-watch.ts';

/** How long the main thread stands still at most while workers do the computing. */
export interface Stalls {
  readonly workload: string;
  /** The first program of a process: tfjs's code is still cold. */
  readonly compiling: Stall;
  readonly running: Stall;
}

/** Measures a workload in a process of its own. */
export async function measureStalls(workload: string): Promise<Stalls> {
  const entry = fileURLToPath(new URL('./engine-stalls-process.ts', import.meta.url));
  const hook = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    hook,
    entry,
    workload,
  ]);
  return { workload, ...(JSON.parse(stdout) as Omit<Stalls, 'workload'>) };
}

export function stallLines(stalls: readonly Stalls[]): string[][] {
  const milliseconds = (value: number | undefined) => value?.toFixed(0) ?? '';
  const header = ['longest stall of the main thread, ms', 'compiling', 'of processor'];
  return [
    [...header, 'running', 'of processor'],
    ...stalls.map(({ workload, compiling, running }) => [
      (workloads[workload] as Workload).title,
      ...[compiling, running]
        .flatMap(({ clock, processor }) => [clock, processor])
        .map(milliseconds),
    ]),
  ];
}
