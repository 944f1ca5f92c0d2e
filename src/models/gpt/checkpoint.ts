import { readFile } from 'node:fs/promises';
import type { ParameterEntry } from '../layout.ts';
import type { Model } from '../model.ts';
import { decodeSafetensors, floatsOf, type StoredTensor } from '../safetensors.ts';

/** Attention masks that older checkpoints store, and that are no parameters. */
const STORED_MASK = /^(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)$/;
const PREFIX = 'transformer.';
const HEAD = 'lm_head.weight';

/** A checkpoint that is not one, or not of this model; names the file and what is wrong with it. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/**
 * The parameter vector of a GPT from a safetensors file.
 * @throws {CheckpointError} for a file that doesn't hold it
 */
export async function readCheckpoint(model: Model, path: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  try {
    return gptParameters(model, decodeSafetensors(bytes, path), path);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CheckpointError(`${cause.message} Name another file under checkpoint.`, { cause });
  }
}

/**
 * The parameter vector of a GPT from a checkpoint in Hugging Face's names, with or without
 * `transformer.` before them. A tied head may be stored, and must then equal the embeddings; a
 * duplicated one is made from them where it is not.
 *
 * @param tensors as `decodeSafetensors` reads them
 * @param name the file, for messages
 * @throws {RangeError} naming the tensor that is missing, unknown, of another shape or no number
 */
export function gptParameters(
  model: Model,
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
): Float32Array {
  const reject = (what: string): never => {
    throw new RangeError(`${name} holds no parameters of ${model.id}: ${what}.`);
  };
  const stored = new Map(
    [...tensors]
      .filter(([key]) => !STORED_MASK.test(key))
      .map(([key, tensor]) => [
        key === HEAD || key.startsWith(PREFIX) ? key : `${PREFIX}${key}`,
        tensor,
      ]),
  );
  const { entries } = model.layout;
  const embedding = model.language?.embedding as string;
  const valuesOf = (key: string, { shape }: Pick<ParameterEntry, 'shape'>) => {
    const tensor = stored.get(key);
    if (!tensor) return reject(`it has no "${key}"`);
    if (tensor.shape.join() !== shape.join())
      reject(`"${key}" has the shape [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`);
    const values = floatsOf(tensor);
    if (!values.every(Number.isFinite)) reject(`"${key}" has values that are not finite`);
    return values;
  };
  const flat = new Float32Array(model.layout.size);
  for (const entry of entries) {
    const isCopy = model.copies?.some(({ copy }) => copy === entry.name) === true;
    const key = isCopy && !stored.has(entry.name) ? embedding : entry.name;
    flat.set(valuesOf(key, entry), entry.offset);
  }
  if (stored.has(HEAD) && model.language?.head === embedding) {
    const { offset, size, shape } = model.layout.entry(embedding);
    const head = valuesOf(HEAD, { shape });
    if (!flat.subarray(offset, offset + size).every((value, at) => value === head[at]))
      reject(`its "${HEAD}" is not its embeddings, which the model shares with its head`);
  }
  const known = new Set([...entries.map((entry) => entry.name), HEAD]);
  for (const key of stored.keys()) if (!known.has(key)) reject(`it has a "${key}" besides`);
  return flat;
}
