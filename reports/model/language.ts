import type { ReportContext } from './context.ts';
import { type PerplexitySection, perplexitySection } from './perplexity.ts';
import { type TextPanel, textPanels } from './recovered-text.ts';
import { type TokenRecall, tokenRecalls } from './token-recall.ts';

/** What a run on a language model shows instead of pictures. */
export interface LanguageSection {
  readonly panels: readonly TextPanel[];
  readonly recalls: readonly TokenRecall[];
  readonly perplexity: PerplexitySection | null;
}

/** `null` unless something of a language model was scored. */
export function languageSection(context: ReportContext): LanguageSection | null {
  const section = {
    panels: textPanels(context),
    recalls: tokenRecalls(context),
    perplexity: perplexitySection(context),
  };
  const isEmpty =
    section.panels.length === 0 && section.recalls.length === 0 && section.perplexity === null;
  return isEmpty ? null : section;
}
