import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { language, several } from '../../fixtures/results/language.ts';
import { quickstart } from '../../fixtures/results/quickstart.ts';
import {
  allFailed,
  degenerate,
  empty,
  HOSTILE,
  hostile,
  membershipOnly,
  twentyRows,
} from '../../fixtures/results/variants.ts';
import { buildReportModel, renderReport } from '../../reports/index.ts';
import { readResults } from '../../src/store/results-file.ts';

const file = (name: string) => new URL(`../../fixtures/results/${name}.json`, import.meta.url);

describe('the report’s model', () => {
  it('says the same of the stored quickstart as ever', async () => {
    const model = buildReportModel(await readResults(file('quickstart').pathname));
    // Pictures stand in the fixture already; their number is enough here.
    const gallery = model.gallery && { ...model.gallery, images: model.gallery.images.length };
    await expect(`${JSON.stringify({ ...model, gallery }, null, 2)}\n`).toMatchFileSnapshot(
      'report-model.json',
    );
  });

  it('is what the stored fixtures were made from', async () => {
    expect(await readResults(file('quickstart').pathname)).toEqual(quickstart());
    expect(await readResults(file('all-failed').pathname)).toEqual(allFailed());
  });
});

describe('the page', () => {
  let page: string;
  beforeAll(async () => {
    page = await renderReport(quickstart());
  });

  it('is one file that refers to nothing outside itself', () => {
    const { document } = parseHTML(page);
    expect(document.querySelectorAll('link, img, iframe, object, base, script[src]')).toHaveLength(
      0,
    );
    const targets = [...document.querySelectorAll('[href]')].map((one) => one.getAttribute('href'));
    expect(targets.filter((target) => !target?.startsWith('#'))).toEqual([]);
    expect(page.match(/url\((?!data:image\/webp)[^)]*/g)).toBeNull();
  });

  it('allows exactly its own script', () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
    expect(policy).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    expect(policy).toContain(`script-src 'sha256-${hash}'`);
    expect(script).not.toMatch(/innerHTML|eval|document\.write/);
  });

  it('holds the results', async () => {
    const { document } = parseHTML(await renderReport(degenerate()));
    const stored = JSON.parse(document.querySelector('#results')?.textContent ?? '');
    expect(stored.format).toBe('hefl-results/1');
    expect(stored.comparisons[0].difference.value).toBe('Infinity');
  });

  it('puts a table under every chart', () => {
    const { document } = parseHTML(page);
    const figures = [...document.querySelectorAll('figure')];
    expect(figures.length).toBeGreaterThan(10);
    for (const figure of figures) {
      expect(figure.querySelectorAll('svg[role="img"][xmlns]').length).toBeGreaterThanOrEqual(2);
      expect(figure.querySelectorAll('details table tbody tr').length).toBeGreaterThan(0);
    }
  });

  it('gives n and an interval with every headline', () => {
    const { document } = parseHTML(page);
    const cells = [...document.querySelectorAll('.verdicts .cell')].filter(
      (cell) => cell.querySelector('.value') !== null,
    );
    expect(cells.length).toBeGreaterThan(0);
    for (const cell of cells) {
      expect(cell.textContent).toMatch(/n\s=\s[\d,]+, 3\sseeds/);
      expect(cell.querySelector('.interval')?.textContent).toMatch(/^\[.+, .+\]$/);
      expect(cell.querySelector('.mark')?.textContent).toMatch(/[▲◇●–] \w/);
    }
  });

  it('keeps bars of different defenses apart on a narrow screen', async () => {
    const { document } = parseHTML(await renderReport(twentyRows()));
    const bars = [...document.querySelectorAll('figure')].find((figure) =>
      figure.textContent?.includes('Seconds by step'),
    );
    const count = (width: string) => bars?.querySelectorAll(`.${width} rect`).length;
    expect(count('narrow')).toBe(count('wide'));
  });

  it('lets no name become markup', async () => {
    const html = await renderReport(hostile());
    const { document } = parseHTML(html);
    expect(html.includes('<img')).toBe(false);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(document.querySelector('h1')?.textContent).toBe(HOSTILE);
    const stored = /<script type="application\/json" id="results">(.*?)<\/script>/s.exec(html)?.[1];
    expect(stored?.includes('\u2028')).toBe(false);
    expect(JSON.parse(stored ?? '').title).toBe(HOSTILE);
  });

  it.each([
    ['one seed without reconstruction', membershipOnly, 'no reconstructed images'],
    ['all cells failed', allFailed, 'out-of-memory'],
    ['nothing at all', empty, 'This run has no defenses'],
    ['odd values', degenerate, '∞'],
    ['twenty rows', twentyRows, 'Weight-magnitude mask'],
    ['a language model', language, 'What is known of the text'],
  ] as const)('can show %s', async (_name, results, expected) => {
    const html = await renderReport(results());
    expect(html.includes(expected)).toBe(true);
    expect(html.match(/\bNaN\b(?!")|>undefined<|\[object Object\]/)).toBeNull();
  });

  it('shows every experiment of a run, with ids of its own', async () => {
    const { document } = parseHTML(await renderReport(several()));
    expect([...document.querySelectorAll('article h1')].map((one) => one.textContent)).toEqual([
      quickstart().title,
      language().title,
      quickstart().title,
    ]);
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const name of ['href', 'aria-controls', 'aria-labelledby'])
      for (const one of document.querySelectorAll(`[${name}]`))
        expect(ids).toContain(one.getAttribute(name)?.replace('#', ''));
    const pictures = [...document.querySelectorAll('article')].map(
      (one) => one.querySelectorAll('.tile').length,
    );
    expect(pictures[1]).toBe(0);
    expect(pictures[2]).toBe(pictures[0]);
    const stored = JSON.parse(document.querySelector('#results')?.textContent ?? '');
    expect(stored.also).toHaveLength(2);
  });

  it('shows a text beside what was recovered of it, place by place', async () => {
    const { document } = parseHTML(await renderReport(language()));
    const shown = [...document.querySelectorAll('.case')];
    expect(shown).toHaveLength(4);
    for (const one of shown) {
      const [original, ...lines] = [...one.querySelectorAll('.line p.text')].map(
        ({ textContent }) => textContent,
      );
      expect(original).toHaveLength(65);
      for (const line of lines) expect(line).toHaveLength(65);
    }
    const marks = [...document.querySelectorAll('.case .text > span')];
    expect(new Set(marks.map(({ className }) => className))).toEqual(
      new Set(['right', 'elsewhere', 'wrong', 'missed']),
    );
    expect(document.querySelector('#gallery')?.textContent).not.toContain('Reconstructed images');
  });

  it('is the same every time', async () => {
    expect((await renderReport(quickstart())) === page).toBe(true);
  });
});
