import type { Engine, NdArray, Program, RunArguments, RunResult } from '../src/engine/program.ts';

/** An engine on which everything runs one after the other, one step per call. */
export function oneAtATime(engine: Engine): Engine {
  return {
    ...{ id: engine.id, reason: engine.reason, width: 1, maxWidth: 1 },
    useCores() {},
    async compile(definition) {
      const program = await engine.compile(definition);
      return {
        definition,
        run: (args) => stepByStep(program, args),
        dispose: () => program.dispose(),
      };
    },
  };
}

async function stepByStep(program: Program, args: RunArguments): Promise<RunResult> {
  let { state } = args;
  const outputs: (readonly NdArray[])[] = [];
  for (let step = 0; step < args.steps; step++) {
    const perStep = (args.perStep ?? []).map((array) => rowOf(array, step));
    const done = await program.run({ ...args, steps: 1, state, perStep });
    ({ state } = done);
    outputs.push(done.outputs);
  }
  const stacked = (outputs[0] ?? []).map((_, at) =>
    stack(outputs.map((all) => all[at] as NdArray)),
  );
  return { state, outputs: stacked };
}

function rowOf({ shape: [steps = 1, ...rest], data }: NdArray, step: number): NdArray {
  const size = data.length / steps;
  return { shape: [1, ...rest], data: data.slice(step * size, (step + 1) * size) };
}

function stack(rows: readonly NdArray[]): NdArray {
  const { shape, data } = rows[0] as NdArray;
  const all =
    data instanceof Float32Array
      ? new Float32Array(rows.length * data.length)
      : new Int32Array(rows.length * data.length);
  rows.forEach((row, at) => {
    all.set(row.data, at * data.length);
  });
  return { shape: [rows.length, ...shape.slice(1)], data: all };
}
