import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { makeSprite } from '../../../reports/sprite.ts';
import type { StoredImage } from '../../../src/api/results.ts';

const image = (width: number, height: number, channels: 1 | 3, first: number): StoredImage => ({
  width,
  height,
  channels,
  pixels: Buffer.from(
    Uint8Array.from({ length: width * height * channels }, (_, at) => (first + 7 * at) % 256),
  ).toString('base64'),
});

describe('the sprite', () => {
  it('gives back every pixel of every image, gray and RGB', async () => {
    const images = [image(5, 4, 1, 3), image(4, 5, 3, 90), image(2, 2, 1, 200)];
    const { dataUri, places, width } = await makeSprite(images);
    const webp = Buffer.from(dataUri.replace('data:image/webp;base64,', ''), 'base64');
    const { data, info } = await sharp(webp)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.width).toBe(width);
    images.forEach((one, at) => {
      const place = places[at] ?? { x: -1, y: -1 };
      const source = Buffer.from(one.pixels, 'base64');
      for (let y = 0; y < one.height; y += 1)
        for (let x = 0; x < one.width; x += 1)
          for (let channel = 0; channel < 3; channel += 1) {
            const drawn = data[((place.y + y) * width + place.x + x) * 3 + channel];
            const wanted =
              source[(y * one.width + x) * one.channels + (one.channels === 3 ? channel : 0)];
            expect(drawn).toBe(wanted);
          }
    });
  });

  it('refuses an image whose bytes do not match its size', async () => {
    const broken = { ...image(4, 4, 1, 0), height: 5 };
    await expect(makeSprite([image(4, 4, 1, 0), broken])).rejects.toThrow(/image 1 says 4 × 5 × 1/);
  });

  it('says what to do when the images are too many', async () => {
    const large = image(1, 1, 1, 0);
    await expect(makeSprite([{ ...large, width: 20_000 }])).rejects.toThrow(/fewer probes/);
  });
});
