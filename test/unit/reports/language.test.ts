import { describe, expect, it } from 'vitest';
import { language } from '../../../fixtures/results/language.ts';
import { quickstart } from '../../../fixtures/results/quickstart.ts';
import { reportContext } from '../../../reports/model/context.ts';
import { languageSection } from '../../../reports/model/language.ts';
import { buildReportModel } from '../../../reports/model/report-model.ts';
import type { PooledScore, RunResults } from '../../../src/api/results.ts';

const sectionOf = (results: RunResults) => languageSection(reportContext(results));

function withScores(change: (score: PooledScore) => PooledScore[]): RunResults {
  const base = language();
  return { ...base, pooled: base.pooled.flatMap(change) };
}

describe('the section on language', () => {
  it('is there only where a language model was attacked', () => {
    expect(buildReportModel(quickstart()).language).toBeNull();
    expect(buildReportModel(language()).language).not.toBeNull();
    const failed = { ...language(), cells: [], pooled: [] };
    expect(sectionOf(failed)).toBeNull();
  });
});

describe('the perplexity table', () => {
  const table = sectionOf(language())?.perplexity;

  it('has victims’ and held-out text under every adversary, with intervals', () => {
    expect(table?.adversaries.map(({ title, standing }) => [title, standing])).toEqual([
      ['Stale', 'the papers’'],
      ['Global fill', null],
      ['Mask-aware', null],
      ['Oracle', 'upper bound'],
    ]);
    expect(table?.texts).toHaveLength(8);
    const none = table?.rows.find(({ label }) => label === 'No encryption');
    expect(none?.cells.slice(0, 2)).toEqual([
      { present: true, value: '5.30', interval: '[3.90, 6.70]' },
      { present: true, value: '6.50', interval: '[5.10, 7.90]' },
    ]);
    expect(table?.n).toBe('12 victims over 3\u00a0seeds');
  });

  it('begins with the initial model where its perplexity is known', () => {
    expect(table?.rows[0]).toMatchObject({
      label: 'Initial model',
      realisedRatio: 'before training',
    });
    expect(table?.rows[0]?.cells.map(({ value }) => value)).toEqual(
      Array.from({ length: 4 }, () => ['74.0', '74.5']).flat(),
    );
    const unknown = withScores(({ value: { baselines: _, ...value }, ...score }) => [
      { ...score, value },
    ]);
    expect(sectionOf(unknown)?.perplexity?.rows[0]?.label).toBe('No encryption');
  });

  it('leaves a cell empty that was not scored', () => {
    const missing = withScores((score) =>
      score.row === 'full' && score.adversary === 'stale' ? [] : [score],
    );
    const full = sectionOf(missing)?.perplexity?.rows.find(({ label }) => label.startsWith('Full'));
    expect(full?.cells.slice(0, 3).map(({ value }) => value)).toEqual(['–', '–', '67.1']);
  });

  it('shows published values for the published model and text alone', () => {
    const real = {
      id: 'tiny-shakespeare-gpt2',
      title: 'T',
      synthetic: false,
      members: 1,
      nonMembers: 1,
    };
    const theirs = { id: 'distilgpt2', title: 'DistilGPT2', parameters: 81_912_576 };
    const published = (changes: Partial<RunResults>) =>
      sectionOf({ ...language(), ...changes })?.perplexity?.published;
    expect(published({})).toBeNull();
    expect(published({ dataset: real })).toBeNull();
    expect(published({ model: theirs })).toBeNull();
    expect(published({ model: theirs, dataset: { ...real, id: 'mnist' } })).toBeNull();
    expect(published({ model: theirs, dataset: real })?.rows).toEqual([
      ['No encryption', '27.47', '5.30 [3.90, 6.70]'],
      ['Random mask, ρ\u00a0=\u00a00.05', '29.63', '7.36 [5.96, 8.76]'],
      ['MaskCrypt, ρ\u00a0=\u00a00.05', '65.38', '32.8 [31.4, 34.2]'],
      ['Full encryption', '102.47', '74.0 [72.6, 75.4]'],
    ]);
  });
});

describe('tokens found against ρ', () => {
  const recalls = sectionOf(language())?.recalls ?? [];

  it('has every attack under every real adversary, with the best guess', () => {
    expect(recalls.map(({ attack, adversary }) => `${attack}: ${adversary}`)).toEqual([
      'Token recovery: Stale',
      'Token recovery: Global fill',
      'Token recovery: Mask-aware',
      'Sequence recovery: Stale',
      'Sequence recovery: Global fill',
      'Sequence recovery: Mask-aware',
    ]);
    expect(recalls[0]?.guess).toBe(0.75);
    const last = recalls[0]?.points.at(-1);
    expect(last).toMatchObject({ ratio: 0.25, row: { family: 'maskcrypt' } });
    expect(last?.recall).toBeCloseTo(0.75 + 0.3 * 0.24, 12);
    expect(last?.high).toBeCloseTo((last?.recall ?? 0) + 0.015, 12);
  });

  it('tells precision and F1 besides: naming everything finds everything', () => {
    expect(recalls[0]?.table.columns.map(({ title }) => title)).toEqual([
      ...['Defense', 'Realised ρ', 'Tokens found', 'A guess finds'],
      ...['Named tokens that are right', 'Tokens recovered (F1)', 'Probes'],
    ]);
  });
});

describe('recovered text', () => {
  const [tokens, sequences] = sectionOf(language())?.panels ?? [];

  it('shows the text itself where an attack names tokens without order', () => {
    const [first] = tokens?.cases ?? [];
    expect(tokens?.ordered).toBe(false);
    expect(first?.original).toBe(
      'ROMEO:↵But, soft! what light through yonder window breaks?↵It is ',
    );
    for (const { pieces } of [...(first?.lines ?? []), ...(first?.others ?? [])])
      expect(pieces.map(({ text }) => text).join('')).toBe(first?.original);
    const full = first?.lines.find(({ label }) => label === 'Full encryption');
    expect(new Set(full?.pieces.map(({ mark }) => mark))).toEqual(new Set(['right', 'missed']));
    expect(full?.summary).toMatch(/^\d+ of 65\stokens among those named; \d named wrongly$/);
    expect(full?.besides).toHaveLength(Number(/(\d) named wrongly/.exec(full?.summary ?? '')?.[1]));
  });

  it('shows the answer where it has an order', () => {
    const lines = sequences?.cases[0]?.lines ?? [];
    expect(lines.find(({ label }) => label === 'No encryption')?.summary).toMatch(/^65 of 65\s/);
    const guess = lines.at(-1);
    expect(guess).toMatchObject({ label: 'A guess without any view', adversary: null });
    expect(guess?.pieces.map(({ text }) => text).join('')).toMatch(/^the and to of/);
    expect(guess?.besides).toEqual([]);
  });

  it('gives each defense its strongest adversary that is a real one, and folds the others', () => {
    const [first] = tokens?.cases ?? [];
    expect(first?.lines.map(({ adversary }) => adversary)).toEqual([
      ...['Stale', 'Global fill', 'Mask-aware', 'Mask-aware', 'Mask-aware', 'Mask-aware'],
      null,
    ]);
    expect(first?.others).toHaveLength(6 * 3);
  });

  it('says when an answer is a guess', () => {
    const base = language();
    const prior = JSON.parse(
      JSON.stringify(base.cells).replaceAll('"from":"update"', '"from":"prior"'),
    );
    const line = sectionOf({ ...base, cells: prior })?.panels[0]?.cases[0]?.lines[0];
    expect(line?.adversary).toBe('Stale, a guess only');
  });
});
