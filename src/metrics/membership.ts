import type { MembershipOutput, MembershipScores } from '../api/attack.ts';
import type { LabelledScores } from '../stats/roc.ts';
import type { GroundTruth } from '../view/ground-truth.ts';

/** One victim client: the attack's answer beside the truth. */
export interface Victim {
  readonly answer: MembershipScores;
  readonly truth: GroundTruth['membership'][number];
}

/**
 * Pairs every answer with its truth.
 * @throws {RangeError} when an answer is for no known target, or has the wrong number of scores.
 */
export function victims(output: MembershipOutput, truth: GroundTruth): Victim[] {
  return output.targets.map((answer) => {
    const target = truth.membership.find(
      ({ client, round }) => client === answer.client && round === answer.round,
    );
    if (!target)
      throw new RangeError(
        `no membership target is client ${answer.client}, round ${answer.round}`,
      );
    if (target.members.length !== answer.scores.length)
      throw new RangeError(
        `${answer.scores.length} scores for the ${target.members.length} candidates of client ${answer.client}`,
      );
    return { answer, truth: target };
  });
}

/** All candidates of all victims as one list. */
export function allCandidates(list: readonly Victim[]): LabelledScores {
  return {
    scores: Float64Array.from(list.flatMap(({ answer }) => [...answer.scores])),
    members: Uint8Array.from(list.flatMap(({ truth }) => [...truth.members])),
  };
}

/** Indices of members and of non-members: the strata of a bootstrap. */
export function memberStrata(members: Uint8Array): [members: Uint32Array, nonMembers: Uint32Array] {
  const where = (bit: number) =>
    Uint32Array.from([...members.keys()].filter((at) => members[at] === bit));
  return [where(1), where(0)];
}

export function candidateCount(output: MembershipOutput): number {
  return output.targets.reduce((sum, { scores }) => sum + scores.length, 0);
}
