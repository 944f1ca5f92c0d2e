import type { TextExhibit, TextReading, TextStretch } from '../../src/api/results.ts';
import { formatCount, formatPlural } from '../format.ts';
import type { ReportContext } from './context.ts';

/**
 * A piece of text as it is drawn. `right`: recovered; `elsewhere`: a token of the text at another
 * place; `wrong`: not in the text; `missed`: in the text and not recovered.
 */
export interface TextPiece {
  readonly text: string;
  readonly mark: 'right' | 'elsewhere' | 'wrong' | 'missed';
}

/** What one adversary recovered of a text under one defense. */
export interface TextLine {
  readonly label: string;
  readonly adversary: string | null;
  /** Where the answer has an order, the answer; else the text, with the tokens that were named. */
  readonly pieces: readonly TextPiece[];
  /** Named tokens that are not in the text, where the answer has no order. */
  readonly besides: readonly string[];
  readonly summary: string;
}

/** One probe's text: the original on top, one line per defense. */
export interface TextCase {
  readonly title: string;
  readonly original: string;
  /** Each defense under its strongest protocol-consistent adversary; a guess without any view last. */
  readonly lines: readonly TextLine[];
  /** All other adversaries. */
  readonly others: readonly TextLine[];
}

/** One attack on probes of one kind. */
export interface TextPanel {
  readonly title: string;
  readonly subtitle: string;
  readonly ordered: boolean;
  readonly cases: readonly TextCase[];
}

/** A page shows this many texts per panel; the scores rest on all of them. */
const CASES = 2;

interface Found {
  readonly row: string;
  readonly adversary: string;
  readonly exhibit: TextExhibit;
}

export function textPanels(context: ReportContext): TextPanel[] {
  return context.results.attacks.flatMap(({ id, title }) => {
    const seed = context.results.seeds.find((one) => exhibitsOf(context, id, one).length > 0);
    if (seed === undefined) return [];
    const found = exhibitsOf(context, id, seed);
    const localSteps = [...new Set(found.map(({ exhibit }) => exhibit.localSteps))];
    return localSteps
      .sort((a, b) => a - b)
      .map((steps) => {
        const mine = found.filter(({ exhibit }) => exhibit.localSteps === steps);
        const cases = textCases(context, id, mine);
        const shown = Math.min(CASES, cases.length);
        return {
          title,
          subtitle: `${formatPlural(steps, 'local step')}, seed ${seed}, ${
            cases.length > shown
              ? `the first ${shown} of ${cases.length} texts`
              : formatPlural(shown, 'text')
          }`,
          ordered: mine[0]?.exhibit.ordered === true,
          cases: cases.slice(0, CASES),
        };
      });
  });
}

function exhibitsOf(context: ReportContext, attack: string, seed: number): Found[] {
  return context.results.cells
    .filter((cell) => cell.seed === seed)
    .flatMap(({ row, attacks }) =>
      attacks.flatMap((result) =>
        result.attack === attack && result.outcome.status === 'ok'
          ? (result.outcome.value.texts ?? []).map((exhibit) => ({
              ...{ row, adversary: result.adversary, exhibit },
            }))
          : [],
      ),
    );
}

function textCases(context: ReportContext, attack: string, found: readonly Found[]): TextCase[] {
  const texts = new Map(found.map(({ exhibit }) => [textKey(exhibit), exhibit]));
  return [...texts].map(([key, exhibit]) => {
    const mine = found.filter((one) => textKey(one.exhibit) === key);
    const lines = context.rows.flatMap((row) =>
      context.results.adversaries.flatMap(({ id, title }) => {
        const one = mine.find(({ row: of, adversary }) => of === row.key && adversary === id);
        if (!one) return [];
        const headline = context.headline(row.key, attack)?.score.adversary === id;
        return [{ headline, line: textLine(row.label, title, one.exhibit) }];
      }),
    );
    const { guess } = exhibit;
    const guessed = guess
      ? [textLine('A guess without any view', null, { ...exhibit, ...guess })]
      : [];
    return {
      title: `Client ${exhibit.client}, round ${exhibit.round}`,
      original: visible(exhibit.original.map(({ text }) => text).join('')),
      lines: [...lines.flatMap(({ headline, line }) => (headline ? [line] : [])), ...guessed],
      others: lines.flatMap(({ headline, line }) => (headline ? [] : [line])),
    };
  });
}

function textLine(
  label: string,
  adversary: string | null,
  { ordered, from, original, answer }: TextReading & Pick<TextExhibit, 'ordered' | 'from'>,
): TextLine {
  const wrong = answer.filter(({ fate }) => fate === 'wrong');
  const drawn = ordered ? answer : original;
  return {
    label,
    adversary: adversary && from === 'prior' ? `${adversary}, a guess only` : adversary,
    pieces: drawn.map(({ text, fate }) => ({
      text: visible(text),
      mark: !ordered && fate !== 'right' ? 'missed' : fate,
    })),
    besides: ordered ? [] : wrong.map(({ text }) => visible(text)),
    summary: summary(drawn, ordered, wrong.length),
  };
}

function summary(drawn: readonly TextStretch[], ordered: boolean, wrong: number): string {
  const count = (fate?: TextStretch['fate']) =>
    drawn
      .filter((stretch) => fate === undefined || stretch.fate === fate)
      .reduce((sum, { tokens }) => sum + tokens, 0);
  const right = `${formatCount(count('right'))} of ${formatPlural(count(), 'token')}`;
  return ordered
    ? `${right} right at their place, ${formatCount(count('elsewhere'))} at another`
    : `${right} among those named; ${formatCount(wrong)} named wrongly`;
}

/** Line ends as a sign, so that a text keeps one place per character; spaces stay. */
function visible(text: string): string {
  return text.replaceAll('\r', '').replaceAll('\n', '↵');
}

/** A text may be shown by its client, round and what it says: a client may have several. */
function textKey({ client, round, original }: TextExhibit): string {
  return [client, round, original.map(({ text }) => text).join('')].join('/');
}
