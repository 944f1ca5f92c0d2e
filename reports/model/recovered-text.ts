import type { TextExhibit, TextReading, TextStretch } from '../../src/api/results.ts';
import { formatCount, formatPlural } from '../format.ts';
import type { ReportContext } from './context.ts';
import { type Panel, panelSubtitle, panelsOf } from './panels.ts';

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

export function textPanels(context: ReportContext): TextPanel[] {
  return panelsOf(context, ({ texts }) => texts ?? []).map((panel) => {
    const cases = textCases(context, panel);
    return {
      title: panel.title,
      subtitle: panelSubtitle(panel, cases.length, CASES, 'text'),
      ordered: panel.shown[0]?.item.ordered === true,
      cases: cases.slice(0, CASES),
    };
  });
}

function textCases(context: ReportContext, { attack, shown }: Panel<TextExhibit>): TextCase[] {
  const texts = new Map(shown.map(({ item }) => [textKey(item), item]));
  return [...texts].map(([key, exhibit]) => {
    const mine = shown.filter(({ item }) => textKey(item) === key);
    const lines = context.rows.flatMap((row) =>
      context.results.adversaries.flatMap(({ id, title }) => {
        const one = mine.find(({ row: of, adversary }) => of === row.key && adversary === id);
        if (!one) return [];
        const headline = context.headline(row.key, attack)?.score.adversary === id;
        return [{ headline, line: textLine(row.label, title, one.item) }];
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
