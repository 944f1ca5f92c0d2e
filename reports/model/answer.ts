import type { RowLabel } from './rows.ts';

/** A question of the reader, a word or two that answer it, and the sentence that says how much. */
export interface Answer {
  readonly question: string;
  readonly tone: 'bad' | 'good' | 'open' | 'fact';
  readonly lead: string;
  readonly sentence: string;
}

/** One defense at all its ratios, smallest first. */
export interface Family {
  readonly title: string;
  readonly rows: readonly RowLabel[];
}
