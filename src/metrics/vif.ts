import { imageMetric, windowedMeasure } from './images.ts';
import {
  everySecond,
  filterInside,
  gaussian,
  grayLevels,
  localMoments,
  meanOverChannels,
  type Plane,
} from './planes.ts';

/** Scales of the published index; small images have room for fewer. */
const SCALES = 4;
/** σ_n², variance of the visual noise. */
const VISUAL_NOISE = 2;
const NEGLIGIBLE = 1e-10;

/** Windows of 17, 9, 5 and 3 pixels. */
const windowOf = (scale: number) => 2 ** (SCALES - scale + 1) + 1;

/**
 * Number of the four scales whose windows fit into an image; 0 when not even the first does. Images of
 * 28 and 32 pixels have room for 2, and only images from 41 pixels for the published 4.
 */
export function visualInformationScales(width: number, height: number): number {
  let side = Math.min(width, height);
  for (let scale = 1; scale <= SCALES; scale++) {
    const window = windowOf(scale);
    if (scale > 1) side = Math.ceil((side - window + 1) / 2);
    if (side < window) return scale - 1;
  }
  return SCALES;
}

/**
 * Visual information fidelity in the pixel domain: the information about the original that the other
 * image carries, relative to that in the original itself; mean over channels, 8-bit gray levels.
 *
 * Source: Sheikh and Bovik 2006, pixel-domain version (σ_n² = 2), over as many of its four scales as
 * fit into the image.
 * @throws {RangeError} for images under 17 pixels.
 */
export const visualInformation = windowedMeasure('VIF', windowOf(1), (original, other) => {
  const scales = visualInformationScales(original.width, original.height);
  return meanOverChannels(original.channels, (channel) =>
    informationRatio(grayLevels(original, channel), grayLevels(other, channel), scales),
  );
});

export const vif = imageMetric(
  {
    id: 'vif',
    version: 1,
    title: 'Visual information fidelity',
    unit: '',
    kind: 'reconstruction',
    higherMeansMoreLeakage: true,
    source:
      'Sheikh and Bovik 2006, pixel domain, over as many of its 4 scales as fit (2 for 28 and 32 pixels), per image, then mean',
  },
  visualInformation,
);

function informationRatio(reference: Plane, distorted: Plane, scales: number): number {
  let [x, y] = [reference, distorted];
  let carried = 0;
  let available = 0;
  for (let scale = 1; scale <= scales; scale++) {
    const kernel = gaussian(windowOf(scale), windowOf(scale) / 5);
    if (scale > 1) {
      x = everySecond(filterInside(x, kernel));
      y = everySecond(filterInside(y, kernel));
    }
    const moments = localMoments(x, y, kernel);
    for (let at = 0; at < moments.covariance.length; at++) {
      const varianceX = Math.max(0, moments.varianceX[at] as number);
      const varianceY = Math.max(0, moments.varianceY[at] as number);
      const covariance = moments.covariance[at] as number;
      const { gain, noise } = channelModel(varianceX, varianceY, covariance);
      carried += Math.log10(1 + (gain * gain * varianceX) / (noise + VISUAL_NOISE));
      // What the paper's code calls σ1²: without variance the original holds nothing to lose.
      available += Math.log10(1 + (varianceX < NEGLIGIBLE ? 0 : varianceX) / VISUAL_NOISE);
    }
  }
  // A flat original holds no information; by convention nothing of it is lost.
  return available === 0 ? 1 : carried / available;
}

/** The distortion of a neighbourhood, y = gain · x + noise, with the special cases of the paper's code. */
function channelModel(varianceX: number, varianceY: number, covariance: number) {
  if (varianceX < NEGLIGIBLE) return { gain: 0, noise: varianceY };
  if (varianceY < NEGLIGIBLE) return { gain: 0, noise: 0 };
  const gain = covariance / (varianceX + NEGLIGIBLE);
  if (gain < 0) return { gain: 0, noise: varianceY };
  return { gain, noise: Math.max(NEGLIGIBLE, varianceY - gain * covariance) };
}
