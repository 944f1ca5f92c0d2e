import { availableParallelism } from 'node:os';
import { openCompiledEngine } from '../src/engine/compile/index.ts';
import type { Engine } from '../src/engine/program.ts';
import { askAttack, attackCases } from './attacks-cases.ts';
import { oneAtATime } from './attacks-one-at-a-time.ts';
import { serveRounds, timed } from './measured-process.ts';

/**
 * Entry of a measured process: `attacks-contestant.ts CASE KIND`, KIND being `suite` (several images,
 * as a run of the suite attacks them), `one-at-a-time` (the same engine, one image, one iteration per
 * call) or `in-thread` (the same without worker threads). A step is one iteration on one image.
 */

const [name = '', kind = ''] = process.argv.slice(2);
const attackCase = attackCases[name];
if (!attackCase) throw new RangeError(`no case is called "${name}"`);
const cores = availableParallelism();

async function open(): Promise<Engine> {
  const engine = await openCompiledEngine(kind === 'in-thread' ? {} : { workers: cores });
  if ('unavailable' in engine) throw new Error(engine.unavailable);
  return kind === 'suite' ? engine : oneAtATime(engine);
}

const engine = await open();
const ask = await askAttack(attackCase, engine, kind === 'suite' ? 2 * cores : 1);
await ask(attackCase.warmUp);
await serveRounds({ ready: engine.reason }, () => timed(() => ask(attackCase.iterations)));
