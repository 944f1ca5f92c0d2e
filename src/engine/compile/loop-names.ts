/** Names of a compiled model's inputs and outputs. */
export const STEP_COUNT = 'steps';
export const finalName = (at: number): string => `final_${at}`;
export const outputName = (at: number): string => `output_${at}`;
