import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Attack } from '../api/attack.ts';
import type { Defense } from '../api/defense.ts';
import { importModule } from '../platform/import-module.ts';
import { adversaries } from '../view/adversaries.ts';

/** A defense or attack whose parameters are checked by its own schema. */
export type AnyDefense = Defense<unknown, unknown>;
export type AnyAttack = Attack<unknown>;

/** The plug-ins a run may use: the suite's own, then the user's. */
export interface Plugins {
  readonly defenses: readonly AnyDefense[];
  readonly attacks: readonly AnyAttack[];
}

/** A module given under `plugins:` that can't be used. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

const aFunction = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});
const optionalFunction = aFunction.optional();

const oneOf = (ids: readonly string[]) =>
  z.enum(ids, { error: `must be one of ${ids.join(', ')}` });

const meta = z.looseObject({
  id: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be kebab-case'),
  version: z.int('must be a whole number from 1').positive('must be a whole number from 1'),
  title: z.string('must be a text').min(1, 'must not be empty'),
  source: z.string('must be a text').min(1, 'must not be empty'),
  params: z.custom((value) => typeof (value as z.ZodType | null)?.safeParse === 'function', {
    error: 'must be a zod schema',
  }),
});

const maskContract = z
  .looseObject({
    when: aFunction,
    remember: optionalFunction,
    propose: optionalFunction,
    agree: optionalFunction,
    score: optionalFunction,
    select: optionalFunction,
    individual: optionalFunction,
    conclude: optionalFunction,
  })
  .superRefine(({ agree, score, select, propose, individual }, context) => {
    const missing = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (score && !select) missing('select', 'must be a function');
    else if (select && !score) missing('score', 'must be a function');
    else if (individual && !propose) missing('propose', 'must be a function');
    else if (!agree && !score && !individual) missing('agree', 'must be a function');
  });

const defenseContract = z.looseObject({
  meta,
  keys: aFunction,
  scheme: aFunction,
  schemeOptions: optionalFunction,
  mask: maskContract,
  serverLearns: aFunction,
  rest: optionalFunction,
  weighting: optionalFunction,
  training: optionalFunction,
  transform: optionalFunction,
  perturb: optionalFunction,
  model: optionalFunction,
  targetRatio: optionalFunction,
  insecure: optionalFunction,
});

const attackContract = z.looseObject({
  meta: meta.extend({
    kind: oneOf(['membership', 'reconstruction', 'text', 'key']),
    adversaries: z
      .array(oneOf(adversaries.map(({ id }) => id)), 'must be a list')
      .min(1, 'must not be empty'),
  }),
  run: aFunction,
});

/**
 * Adds the defenses and attacks of the user's modules to the suite's own.
 *
 * A module exports them as default or under any name, one by one or in lists; other exports are
 * left alone.
 *
 * @param paths absolute
 * @throws {PluginError} naming the module, the plug-in and the field of the contract.
 */
export async function addPlugins(own: Plugins, paths: readonly string[]): Promise<Plugins> {
  const defenses = [...own.defenses];
  const attacks = [...own.attacks];
  for (const path of paths) {
    const candidates = Object.values(await importPlugin(path)).flat();
    let found = 0;
    for (const candidate of candidates) {
      const kind = kindOf(candidate);
      if (!kind) continue;
      found++;
      const known: { meta: { id: string } }[] = kind === 'defense' ? defenses : attacks;
      const plugin = check(kind, candidate, path);
      if (known.includes(plugin)) continue; // Exported twice, say by name and as default.
      if (known.some((other) => other.meta.id === plugin.meta.id))
        throw new PluginError(
          `The plug-in ${path} brings a ${kind} called "${plugin.meta.id}", but there is one with that id already. Give it another meta.id.`,
        );
      known.push(plugin);
    }
    if (found === 0)
      throw new PluginError(
        `The plug-in ${path} exports neither a defense nor an attack. Export one made with defineDefense or defineAttack of hefl-bench, as default or by name.`,
      );
  }
  return { defenses, attacks };
}

async function importPlugin(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path))
    throw new PluginError(
      `There is no plug-in ${path}. Paths under "plugins" are relative to the specification.`,
    );
  try {
    return await importModule(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PluginError(
      `The plug-in ${path} could not be loaded: ${reason.replaceAll(/\s*\n\s*/g, ' ')}${place(error, path)}. Correct it, or leave it out of "plugins".`,
      { cause: error },
    );
  }
}

/** ` (line 3)` of the plug-in, where its error tells one. */
function place(error: unknown, path: string): string {
  const { stack } = error instanceof Error ? error : {};
  const line = stack?.split(`${pathToFileURL(path).href}:`)[1]?.match(/^\d+/)?.[0];
  return line === undefined ? '' : ` (line ${line})`;
}

/** By what sets the two apart: an attack runs, a defense masks. */
function kindOf(candidate: unknown): 'defense' | 'attack' | undefined {
  if (typeof candidate !== 'object' || candidate === null || !('meta' in candidate))
    return undefined;
  const isAttack = 'run' in candidate || 'kind' in ((candidate.meta ?? {}) as object);
  return isAttack ? 'attack' : 'defense';
}

function check(kind: 'defense' | 'attack', candidate: unknown, path: string) {
  const contract = kind === 'defense' ? defenseContract : attackContract;
  const checked = contract.safeParse(candidate);
  if (checked.success) return candidate as AnyDefense | AnyAttack;
  const id = (candidate as { meta?: { id?: unknown } }).meta?.id;
  const name = typeof id === 'string' ? `${kind} "${id}"` : kind;
  const problems = checked.error.issues.map(({ path: field, message }) => {
    const missing = field.reduce<unknown>(
      (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
      candidate,
    );
    return `${field.join('.')} ${missing === undefined ? 'is missing' : `is wrong (${message})`}`;
  });
  throw new PluginError(
    `The ${name} in the plug-in ${path} does not fulfil its contract: ${problems.join('; ')}. The contract is the type ${kind === 'defense' ? 'Defense' : 'Attack'} of hefl-bench.`,
  );
}
