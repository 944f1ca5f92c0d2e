import { createInterface } from 'node:readline';

/** What a round took, per step. */
export interface Timing {
  /** Milliseconds by the clock. */
  readonly wall: number;
  /** Milliseconds of processor time. */
  readonly processor: number;
  readonly steps: number;
}

/** Times work that tells how many steps it was. */
export async function timed(work: () => Promise<number>): Promise<Timing> {
  const [started, used] = [performance.now(), process.cpuUsage()];
  const steps = await work();
  const { user, system } = process.cpuUsage(used);
  return {
    wall: (performance.now() - started) / steps,
    processor: (user + system) / 1e3 / steps,
    steps,
  };
}

/**
 * The life of a measured process: prints a line of JSON when it is ready, and one for every line it
 * reads, as engine-torch.py does.
 */
export async function serveRounds(ready: object, round: () => Promise<Timing>): Promise<void> {
  const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  tell(ready);
  for await (const _ of createInterface({ input: process.stdin })) {
    const timing = await round();
    const memory = process.resourceUsage().maxRSS / 1024;
    tell({ ...timing, memory });
  }
}
