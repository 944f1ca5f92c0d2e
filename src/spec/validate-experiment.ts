import type { z } from 'zod';
import { parseBandwidth } from './bandwidth.ts';
import type { Catalogue } from './catalogue.ts';
import { crossFindings } from './cross-checks.ts';
import { findingsOf } from './findings.ts';
import { distinct, readAttacks, readDefenses } from './plugin-use.ts';
import type { Finding } from './problems.ts';
import type { PluginUse, Specification } from './specification.ts';
import { type WrittenExperiment, writtenExperiment } from './written.ts';

/** A valid specification, or everything that is wrong with it. */
export type Validation =
  | { readonly specification: Specification }
  | { readonly findings: readonly Finding[] };

/**
 * Checks one written experiment against the schema, the plug-ins' own schemas and itself.
 *
 * @param defaultName used where it names itself neither
 * @param known whose keys are named where one is unknown
 */
export function validateExperiment(
  written: unknown,
  catalogue: Catalogue,
  defaultName: string,
  known: z.ZodType = writtenExperiment,
): Validation {
  const parsed = writtenExperiment.safeParse(written);
  const findings = parsed.success ? [] : findingsOf(parsed.error, known, written);
  const defenses = readDefenses(listIn(written, 'defenses'), catalogue.defenses, findings);
  const attacks = readAttacks(listIn(written, 'attacks'), catalogue.attacks, findings);
  findings.push(...crossFindings(written, catalogue));
  if (findings.length > 0 || !parsed.success) return { findings: distinct(findings) };
  return {
    specification: complete(parsed.data, { defenses, attacks }, catalogue, defaultName),
  };
}

/** Without keys whose value is undefined. */
function defined<T extends object>(section: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(section).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function listIn(written: unknown, key: 'defenses' | 'attacks'): readonly unknown[] {
  const value =
    typeof written === 'object' && written !== null && Object.hasOwn(written, key)
      ? (written as Record<string, unknown>)[key]
      : undefined;
  return Array.isArray(value) ? value : [];
}

function complete(
  written: WrittenExperiment,
  plugins: { defenses: readonly PluginUse[]; attacks: readonly PluginUse[] },
  catalogue: Catalogue,
  defaultName: string,
): Specification {
  const { federation, seeds } = written;
  const { of, ...probes } = written.probes;
  const name = written.name ?? defaultName;
  const { id, limit, testLimit } = written.dataset;
  const roundNumber = { first: 1, last: federation.rounds };
  return {
    name,
    title: written.title ?? name,
    seeds: typeof seeds === 'number' ? Array.from({ length: seeds }, (_, at) => at + 1) : seeds,
    dataset: {
      id,
      ...(limit === undefined ? {} : { limit }),
      ...(testLimit === undefined ? {} : { testLimit }),
    },
    model: written.model,
    ...(written.checkpoint && { checkpoint: defined(written.checkpoint) }),
    ...(written.pretraining && { pretraining: defined(written.pretraining) }),
    federation,
    membership: written.membership,
    probes: {
      ...probes,
      ...(of === 'aggregate' && { of }),
      // `first` and `last` are the same round when there is only one.
      rounds: [
        ...new Set(
          probes.rounds.map((round) => (typeof round === 'number' ? round : roundNumber[round])),
        ),
      ],
    },
    ...plugins,
    adversaries:
      written.adversaries ??
      catalogue.adversaries.flatMap(({ id, onRequest }) => (onRequest ? [] : [id])),
    plugins: written.plugins,
    network: { bitsPerSecond: parseBandwidth(written.network.bandwidth) as number },
    limits: written.limits,
  };
}
