/** Parameter counts of the papers' models that the suite doesn't train, from their published shapes. */

function linear(inputs: number, outputs: number): number {
  return inputs * outputs + outputs;
}

function convolution(inputs: number, outputs: number, kernel: number, bias: boolean): number {
  return inputs * outputs * kernel ** 2 + (bias ? outputs : 0);
}

/** Scale and shift of batch or layer normalisation; running statistics are no parameters. */
function normalisation(channels: number): number {
  return 2 * channels;
}

function sum(parts: readonly number[]): number {
  return parts.reduce((total, part) => total + part, 0);
}

/** The CNN of McMahan et al. (2017): two 5 × 5 convolutions, 28 × 28 pixels pooled to 7 × 7. */
export function fedAvgCnn(): number {
  return (
    convolution(1, 32, 5, true) +
    convolution(32, 64, 5, true) +
    linear(7 * 7 * 64, 512) +
    linear(512, 10)
  );
}

/**
 * FedML-HE's ResNet-18: one input channel, ten classes, convolutions with a bias, and 3 × 3
 * convolutions on the shortcuts where He et al. (2016) have 1 × 1.
 */
export function fedMlHeResNet18(): number {
  const unit = (inputs: number, outputs: number, kernel = 3) =>
    convolution(inputs, outputs, kernel, true) + normalisation(outputs);
  const stages = [64, 128, 256, 512].map((width, stage) => {
    const before = stage === 0 ? width : width / 2;
    const shortcut = stage === 0 ? 0 : unit(before, width);
    return unit(before, width) + shortcut + 3 * unit(width, width);
  });
  return unit(1, 64, 7) + sum(stages) + linear(512, 10);
}

/** ResNet-50 for ImageNet (He et al. 2016, Table 1): bottlenecks in stages of 3, 4, 6 and 3. */
export function resNet50(): number {
  const unit = (inputs: number, outputs: number, kernel: number) =>
    convolution(inputs, outputs, kernel, false) + normalisation(outputs);
  const bottleneck = (inputs: number, width: number) =>
    unit(inputs, width, 1) + unit(width, width, 3) + unit(width, 4 * width, 1);
  const stages = [3, 4, 6, 3].map((blocks, stage) => {
    const width = 64 * 2 ** stage;
    const inputs = stage === 0 ? 64 : 2 * width;
    const shortcut = unit(inputs, 4 * width, 1);
    return bottleneck(inputs, width) + shortcut + (blocks - 1) * bottleneck(4 * width, width);
  });
  return unit(3, 64, 7) + sum(stages) + linear(2048, 1000);
}

/** One layer of a Transformer encoder with biases (Vaswani et al. 2017). */
function encoderLayer(width: number, inner: number): number {
  const attention = 4 * linear(width, width);
  return attention + linear(width, inner) + linear(inner, width) + 2 * normalisation(width);
}

/** ViT-B/16 (Dosovitskiy et al. 2021) on 224 × 224 pixels, with a pooler and no classifier. */
export function vitBase(): number {
  const width = 768;
  const patches = (224 / 16) ** 2;
  const embedding = convolution(3, width, 16, true) + width + (patches + 1) * width;
  const pooler = linear(width, width);
  return embedding + 12 * encoderLayer(width, 4 * width) + normalisation(width) + pooler;
}

/** BERT-base, uncased (Devlin et al. 2019): 30,522 word pieces, with its pooler. */
export function bertBase(): number {
  const width = 768;
  const embedding = (30_522 + 512 + 2) * width + normalisation(width);
  return embedding + 12 * encoderLayer(width, 4 * width) + linear(width, width);
}

/** Llama 2 7B (Touvron et al. 2023): no biases, gated feed-forward layers, RMS normalisation. */
export function llama2(): number {
  const width = 4096;
  const attention = 4 * width ** 2;
  const feedForward = 3 * width * 11_008;
  const layer = attention + feedForward + 2 * width;
  return 2 * 32_000 * width + 32 * layer + width;
}

/** DistilGPT2 (Sanh et al. 2019): GPT-2's width and vocabulary, 6 layers, the head tied. */
export function distilGpt2(): number {
  const width = 768;
  const embedding = (50_257 + 1024) * width;
  return embedding + 6 * encoderLayer(width, 4 * width) + normalisation(width);
}

/**
 * Its saved state: the tied head is there a second time, and each layer has a causal mask of 1024 ×
 * 1024 booleans.
 */
export function distilGpt2State(): { readonly floats: number; readonly booleanBytes: number } {
  return { floats: distilGpt2() + 50_257 * 768, booleanBytes: 6 * 1024 ** 2 };
}
