import { z } from 'zod';
import type { Meta } from '../api/meta.ts';
import { didYouMean } from '../platform/did-you-mean.ts';
import { canonicalJson } from '../store/json.ts';
import { findingsOf } from './findings.ts';
import { gridPoints, listedParams, MOST_GRID_POINTS } from './grid-points.ts';
import type { Finding, SpecPath } from './problems.ts';
import { rowKey, tellingParams } from './row-key.ts';
import type { PluginUse } from './specification.ts';
import { type WrittenUse, writtenUse } from './written.ts';

type Known = readonly { readonly meta: Meta<unknown> }[];
type Params = Readonly<Record<string, unknown>>;

/**
 * Reads the list of defenses: ids known, parameters valid by each defense's own schema at every
 * point of the grid, no row twice. Defaults are filled in; lists of values stay lists.
 */
export function readDefenses(written: readonly unknown[], known: Known, findings: Finding[]) {
  const rows = new Set<string>();
  return readUses('defense', written, known, findings, (meta, params, path) => {
    const listed = listedParams(meta, params);
    const sizes = listed.map((key) => (params[key] as unknown[]).length);
    for (const [at, size] of sizes.entries())
      if (size === 0)
        findings.push({
          path: [...path, listed[at] as string],
          message: 'is an empty list; write a value or at least one of them',
        });
    const size = sizes.reduce((product, length) => product * length, 1);
    if (size > MOST_GRID_POINTS)
      findings.push({
        path,
        message: `spans ${size} combinations of values; at most ${MOST_GRID_POINTS} make a grid`,
      });
    if (size === 0 || size > MOST_GRID_POINTS) return undefined;

    const filled = new Map(Object.entries(params));
    for (const key of listed) filled.set(key, [...(params[key] as unknown[])]);
    let valid = true;
    for (const point of gridPoints(meta, params)) {
      const parsed = meta.params.safeParse(point.params);
      if (!parsed.success) {
        valid = false;
        const found = findingsOf(parsed.error, meta.params, point.params);
        findings.push(...found.map((finding) => inList(finding, point.element, path)));
        continue;
      }
      const row = parsed.data as Params;
      const identity = canonicalJson([meta.id, row]);
      if (rows.has(identity)) {
        const name = rowKey(meta, row, tellingParams(meta, [row]));
        findings.push({ path, message: `gives the row ${name} a second time; leave one out` });
      }
      rows.add(identity);
      for (const [key, value] of Object.entries(row)) {
        const at = point.element[key];
        if (at === undefined) filled.set(key, value);
        else (filled.get(key) as unknown[])[at] = value;
      }
    }
    return valid ? Object.fromEntries(filled) : undefined;
  });
}

/** Reads the list of attacks: as for defenses, but without a grid and each attack once. */
export function readAttacks(written: readonly unknown[], known: Known, findings: Finding[]) {
  const seen = new Set<string>();
  return readUses('attack', written, known, findings, (meta, params, path) => {
    if (seen.has(meta.id))
      findings.push({ path, message: `has ${meta.id} a second time; leave one out` });
    seen.add(meta.id);
    const parsed = meta.params.safeParse(params);
    if (parsed.success) return parsed.data as Params;
    findings.push(
      ...findingsOf(parsed.error, meta.params, params).map((finding) => inList(finding, {}, path)),
    );
    return undefined;
  });
}

function readUses(
  kind: 'defense' | 'attack',
  written: readonly unknown[],
  known: Known,
  findings: Finding[],
  read: (meta: Meta<unknown>, params: Params, path: SpecPath) => Params | undefined,
): PluginUse[] {
  return written.flatMap((item, at): PluginUse[] => {
    const path = [`${kind}s`, at];
    const use = writtenUse.safeParse(item);
    // What isn't even an id was found by the whole specification's schema.
    if (!use.success) return [];
    const { id, params } = split(use.data);
    const meta = known.find((plugin) => plugin.meta.id === id)?.meta;
    if (!meta) {
      const ids = known.map((plugin) => plugin.meta.id);
      findings.push({
        path: typeof use.data === 'string' ? path : [...path, 'id'],
        message: `there is no ${kind} "${id}"; ${didYouMean(id, ids)}`,
      });
      return [];
    }
    findings.push(...ignoredKeys(meta, params, path));
    const filled = read(meta, params, path);
    return filled ? [{ id, params: filled }] : [];
  });
}

/** Keys that a plug-in's schema, where it isn't strict, would drop without a word. */
function ignoredKeys({ params: schema }: Meta<unknown>, params: Params, path: SpecPath): Finding[] {
  if (!(schema instanceof z.ZodObject) || schema.def.catchall !== undefined) return [];
  const strict = z.strictObject(schema.shape).safeParse(params);
  return strict.success
    ? []
    : findingsOf(strict.error, schema, params)
        .filter(({ atKey }) => atKey)
        .map((finding) => inList(finding, {}, path));
}

function split(use: WrittenUse): PluginUse {
  if (typeof use === 'string') return { id: use, params: {} };
  const { id, ...params } = use;
  return { id, params };
}

/** A finding about one grid point's parameters, as a finding about the list they were written in. */
function inList(
  finding: Finding,
  element: Readonly<Record<string, number>>,
  path: SpecPath,
): Finding {
  const [key, ...rest] = finding.path;
  const at = key === undefined ? undefined : element[key];
  const inner = key === undefined ? [] : at === undefined ? [key] : [key, at];
  return { ...finding, path: [...path, ...inner, ...rest] };
}

/** The same finding from several grid points is one finding. */
export function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [canonicalJson(finding), finding])).values()];
}
