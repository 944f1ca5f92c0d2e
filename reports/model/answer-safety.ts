import type { AttackKind } from '../../src/api/attack.ts';
import { formatList, formatMetric, formatRho } from '../format.ts';
import type { Answer, Family } from './answer.ts';
import type { Headline, ReportContext } from './context.ts';
import { figure, inline } from './figure.ts';
import { worstHeadline } from './frontier.ts';
import { bestGuess, type Level, worstLevel } from './judgement.ts';
import type { RowLabel } from './rows.ts';

/** A ratio's highest score, and its worst level: a lower score can be the surer one. */
interface Judged {
  readonly row: RowLabel;
  readonly worst: Headline;
  readonly level: Level;
}

const QUESTIONS: Readonly<Record<AttackKind, (title: string) => string>> = {
  membership: (title) => `Does ${title} hide who was in the training data?`,
  reconstruction: (title) => `Does ${title} hide the training images?`,
  text: (title) => `Does ${title} hide the words of the training texts?`,
  key: (title) => `Does ${title} keep its secret keys?`,
};

/** One answer per defense and kind of attack; none where the run has no such attack. */
export function safetyAnswer(context: ReportContext, family: Family, kind: AttackKind): Answer[] {
  if (!context.results.attacks.some((attack) => attack.kind === kind)) return [];
  const judged = family.rows.flatMap((row) => {
    const worst = worstHeadline(context, row.key, kind);
    return worst ? [{ row, worst, level: worstLevel(levels(context, row.key, kind)) }] : [];
  });
  const asked = QUESTIONS[kind](family.title);
  const question =
    kind === 'reconstruction' && context.ofAggregates
      ? asked.replace('?', ' in a round’s aggregate?')
      : asked;
  const [first] = judged;
  if (!first)
    return [
      {
        question,
        tone: 'open',
        lead: 'Not measured.',
        sentence: `No attack on ${family.title} was scored; section 7 gives the reasons.`,
      },
    ];
  return [{ question, ...lead(judged), sentence: sentence(context, kind, judged, first) }];
}

function levels(context: ReportContext, row: string, kind: AttackKind): Level[] {
  return context.results.attacks
    .filter((attack) => attack.kind === kind)
    .flatMap(({ id }) => context.headline(row, id)?.level ?? []);
}

function lead(judged: readonly Judged[]): Pick<Answer, 'tone' | 'lead'> {
  const at = (...wanted: Level[]) =>
    judged.filter(({ level }) => wanted.includes(level)).map(({ row }) => row.ratioText);
  const leaking = at('exposed', 'leaks');
  const guessing = at('guessing');
  if (leaking.length === judged.length)
    return { tone: 'bad', lead: judged.length > 1 ? 'No, at no ratio tested.' : 'No.' };
  if (leaking.length > 0) return { tone: 'bad', lead: `Not at ${formatRho(formatList(leaking))}.` };
  if (guessing.length === judged.length)
    return { tone: 'good', lead: 'From the attacks run here, yes.' };
  if (guessing.length > 0)
    return {
      tone: 'open',
      lead: `From these attacks, only at ${formatRho(formatList(guessing))}.`,
    };
  const unjudged = at('unjudged');
  return { tone: 'open', lead: unjudged.length === judged.length ? 'Not judged.' : 'Undecided.' };
}

function sentence(
  context: ReportContext,
  kind: AttackKind,
  judged: readonly Judged[],
  first: Judged,
): string {
  const { metric } = first.worst;
  const last = judged.at(-1);
  const ends = last && last !== first ? [first, last] : [first];
  const parts = ends.map(({ row, worst }, at) => {
    const attack = context.attack(worst.score.attack)?.title ?? worst.score.attack;
    const who = context.adversary(worst.score.adversary).title;
    const value = inline(figure(worst.score.value, worst.metric));
    const verb = at === 0 ? `reaches ${metric.title} ` : '';
    return `at ${formatRho(row.ratioText)} the strongest attack (${attack}, ${who} adversary) ${verb}${value}`;
  });
  const guess = bestGuess(first.worst.score.value, metric);
  const open = context.rows.find(({ ratio }) => ratio === 0);
  const unprotected = open && worstHeadline(context, open.key, kind);
  const scale = [
    ...(guess === null
      ? []
      : [`guessing without any view scores ${formatMetric(guess, metric.unit)}`]),
    ...(unprotected && unprotected.metric.id === metric.id
      ? [`without encryption it is ${formatMetric(unprotected.score.value.value, metric.unit)}`]
      : []),
  ];
  const text = `${parts.join(', and ')}${scale.length > 0 ? `; ${scale.join(', ')}` : ''}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
