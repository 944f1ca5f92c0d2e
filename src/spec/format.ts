import { stringify } from 'yaml';
import { formatBandwidth } from './bandwidth.ts';
import type { PluginUse, Specification } from './specification.ts';

/**
 * A specification as YAML that loads as the same specification again: every default written out,
 * paths of plug-ins absolute.
 */
export function formatSpecification({ also, ...first }: Specification): string {
  const others = also?.map(({ plugins: _, ...other }) => writtenForm(other));
  return stringify(
    { ...writtenForm(first), ...(others && { also: others }) },
    { aliasDuplicateObjects: false },
  );
}

function writtenForm(specification: Omit<Specification, 'also' | 'plugins'>) {
  const { network, defenses, attacks, ...same } = specification;
  const use = ({ id, params }: PluginUse) => ({ id, ...params });
  return {
    ...same,
    defenses: defenses.map(use),
    attacks: attacks.map(use),
    network: { bandwidth: formatBandwidth(network.bitsPerSecond) },
  };
}
