import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactError, type ArtifactTree, decodeArtifact, encodeArtifact } from './artifact.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { stringifyJson } from './json.ts';

interface Manifest {
  readonly stage: string;
  /** What the content was computed from; another key means another content. */
  readonly key: string;
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/**
 * The files of one finished stage, `name.json` or `name.bin` each, and a manifest with their
 * hashes. The manifest is written last: without it the stage isn't complete.
 */
export class StageFolder {
  readonly path: string;
  readonly #manifestName: string;
  readonly #stage: string;
  readonly #key: string;

  constructor(path: string, stage: string, key: string, manifestName = 'manifest.json') {
    this.path = path;
    this.#stage = stage;
    this.#key = key;
    this.#manifestName = manifestName;
  }

  get #manifestPath(): string {
    return join(this.path, this.#manifestName);
  }

  /** Writes all files, then the manifest. `.json` files hold JSON, others an artifact. */
  async complete(files: Readonly<Record<string, unknown>>): Promise<void> {
    await rm(this.#manifestPath, { force: true });
    const hashes: Record<string, { sha256: string; bytes: number }> = {};
    for (const [name, content] of Object.entries(files)) {
      const bytes = name.endsWith('.json')
        ? Buffer.from(stringifyJson(content))
        : encodeArtifact(content as ArtifactTree);
      await writeFileAtomically(join(this.path, name), bytes);
      hashes[name] = { sha256: sha256(bytes), bytes: bytes.length };
    }
    const manifest: Manifest = { stage: this.#stage, key: this.#key, files: hashes };
    await writeFileAtomically(this.#manifestPath, stringifyJson(manifest));
  }

  /**
   * Whether everything the manifest lists is there, unchanged. `false`: never begun or not finished.
   * @throws {ArtifactError} naming the file and the field of a stage that was complete once.
   */
  async verify(): Promise<boolean> {
    if (!existsSync(this.#manifestPath)) return false;
    const manifest = await this.manifest();
    for (const name of Object.keys(manifest.files)) await this.#readVerified(manifest, name);
    return true;
  }

  /** @throws {ArtifactError} when the manifest is none, or is one of another stage or key. */
  async manifest(): Promise<Manifest> {
    const text = await readFile(this.#manifestPath, 'utf8');
    let manifest: Manifest;
    try {
      manifest = JSON.parse(text);
    } catch {
      throw new ArtifactError(this.#manifestPath, 'text', 'is not JSON');
    }
    for (const [field, expected] of [
      ['stage', this.#stage],
      ['key', this.#key],
    ] as const)
      if (manifest?.[field] !== expected)
        throw new ArtifactError(this.#manifestPath, field, `is not ${expected}`);
    if (typeof manifest.files !== 'object' || manifest.files === null)
      throw new ArtifactError(this.#manifestPath, 'files', 'is missing');
    return manifest;
  }

  /** @throws {ArtifactError} when the file isn't what the manifest says. */
  async readArtifact(name: string): Promise<ArtifactTree> {
    const bytes = await this.#readVerified(await this.manifest(), name);
    return decodeArtifact(bytes, join(this.path, name));
  }

  /** @throws {ArtifactError} when the file isn't what the manifest says. */
  async readJson(name: string): Promise<unknown> {
    const bytes = await this.#readVerified(await this.manifest(), name);
    return JSON.parse(bytes.toString('utf8'));
  }

  async #readVerified(manifest: Manifest, name: string): Promise<Buffer> {
    const file = join(this.path, name);
    const expected = manifest.files[name];
    if (!expected) throw new ArtifactError(this.#manifestPath, `files["${name}"]`, 'is missing');
    if (!existsSync(file)) throw new ArtifactError(file, 'file', 'is missing');
    const bytes = await readFile(file);
    if (bytes.length !== expected.bytes)
      throw new ArtifactError(file, 'length', `is ${bytes.length} bytes, not ${expected.bytes}`);
    if (sha256(bytes) !== expected.sha256)
      throw new ArtifactError(file, 'sha256', 'does not match the manifest');
    return bytes;
  }
}
