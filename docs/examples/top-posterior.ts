import { defineAttack, NotApplicable, readingAdversaries, tf, z } from 'hefl-bench';

/** A model is surer of what it was trained on: the score is its largest posterior. */
export default defineAttack({
  meta: {
    id: 'top-posterior',
    version: 1,
    title: 'Largest posterior',
    source: 'Salem et al. 2019, §V (adversary 3)',
    params: z.strictObject({}),
    kind: 'membership',
    adversaries: readingAdversaries,
  },
  async run(_view, { membership }, { model, engine, expose, signal, progress }) {
    if (membership.length === 0) throw new NotApplicable('The run has no victim clients.');
    const program = await engine.compile({
      name: 'top-posterior',
      state: [],
      constants: model.layout.entries.map(({ shape }) => ({ shape, dtype: 'float32' })),
      perStep: [{ shape: [1, ...model.inputShape], dtype: 'float32' }],
      step: ({ constants, perStep }) => ({
        state: [],
        outputs: [tf.max(tf.softmax(model.logits(constants, perStep[0] as tf.Tensor)))],
      }),
    });
    const targets = [];
    for (const { client, round, candidates } of membership) {
      const { outputs } = await program.run({
        ...{ steps: candidates.count, state: [], signal },
        constants: model.layout.split(expose({ client, round }).model),
        perStep: [{ shape: [candidates.count, 1, ...model.inputShape], data: candidates.inputs }],
      });
      targets.push({ client, round, scores: Float64Array.from(outputs[0]?.data ?? []) });
      progress(targets.length / membership.length);
    }
    program.dispose();
    return { kind: 'membership', targets };
  },
});
