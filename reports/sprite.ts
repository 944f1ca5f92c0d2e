import sharp from 'sharp';
import type { StoredImage } from '../src/api/results.ts';

/** All pictures of a report in one lossless WebP, as a grid of equal tiles. */
export interface Sprite {
  readonly dataUri: string;
  readonly width: number;
  readonly height: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Where each image's upper left corner lies, pixels. */
  readonly places: readonly { readonly x: number; readonly y: number }[];
}

/** WebP can't be larger in either direction. */
const WEBP_LIMIT = 16_383;

/**
 * @throws {RangeError} naming an image whose pixels don't match its size, or when all the images are
 *   too many for one WebP.
 */
export async function makeSprite(images: readonly StoredImage[]): Promise<Sprite> {
  const tileWidth = Math.max(...images.map(({ width }) => width));
  const tileHeight = Math.max(...images.map(({ height }) => height));
  const columns = Math.ceil(Math.sqrt(images.length));
  const width = columns * tileWidth;
  const height = Math.ceil(images.length / columns) * tileHeight;
  if (width > WEBP_LIMIT || height > WEBP_LIMIT)
    throw new RangeError(
      `${images.length} gallery images of ${tileWidth} × ${tileHeight} pixels don't fit into one WebP of ${WEBP_LIMIT} × ${WEBP_LIMIT}. Use fewer probes.`,
    );
  const places = images.map((_, at) => ({
    x: (at % columns) * tileWidth,
    y: Math.floor(at / columns) * tileHeight,
  }));
  const pixels = Buffer.alloc(width * height * 3);
  images.forEach((image, at) => {
    const place = places[at];
    if (place) draw(image, at, pixels, place.y * width + place.x, width);
  });
  const webp = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .webp({ lossless: true, effort: 6 })
    .toBuffer();
  const dataUri = `data:image/webp;base64,${webp.toString('base64')}`;
  return { dataUri, width, height, tileWidth, tileHeight, places };
}

function draw(
  image: StoredImage,
  index: number,
  sheet: Buffer,
  origin: number,
  sheetWidth: number,
): void {
  const { width, height, channels } = image;
  const source = Buffer.from(image.pixels, 'base64');
  if (source.length !== width * height * channels)
    throw new RangeError(
      `gallery image ${index} says ${width} × ${height} × ${channels}, but holds ${source.length} bytes`,
    );
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let channel = 0; channel < 3; channel += 1) {
        const from = (y * width + x) * channels + (channels === 3 ? channel : 0);
        sheet[(origin + y * sheetWidth + x) * 3 + channel] = source[from] ?? 0;
      }
}
