import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArtifactError, type ArtifactTree, decodeArtifact, encodeArtifact } from './artifact.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { stringifyJson } from './json.ts';

interface FileFacts {
  readonly sha256: string;
  readonly bytes: number;
}

export interface Manifest {
  readonly stage: string;
  /** What the content was computed from; another key means another content. */
  readonly key: string;
  readonly files: Readonly<Record<string, FileFacts>>;
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/**
 * The files of one finished stage and a manifest with their hashes. The manifest is written last:
 * without it the stage isn't complete.
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

  /** Writes all files, then the manifest: `.json` files as JSON, `.bin` as artifacts, others as text. */
  async complete(files: Readonly<Record<string, unknown>>): Promise<void> {
    await rm(this.#manifestPath, { force: true });
    const hashes: Record<string, { sha256: string; bytes: number }> = {};
    for (const [name, content] of Object.entries(files)) {
      const bytes = name.endsWith('.bin')
        ? encodeArtifact(content as ArtifactTree)
        : Buffer.from(name.endsWith('.json') ? stringifyJson(content) : String(content));
      await writeFileAtomically(join(this.path, name), bytes);
      hashes[name] = { sha256: sha256(bytes), bytes: bytes.length };
    }
    const manifest: Manifest = { stage: this.#stage, key: this.#key, files: hashes };
    await writeFileAtomically(this.#manifestPath, stringifyJson(manifest));
  }

  /** Removes the folder with all that lies in it; only for stages that don't share theirs. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /**
   * Whether everything the manifest lists is there, unchanged. `false`: never begun or not finished.
   * @throws {ArtifactError} naming the file and the field of a stage that was complete once.
   */
  async verify(): Promise<boolean> {
    if (!existsSync(this.#manifestPath)) return false;
    const manifest = await this.manifest();
    for (const name of Object.keys(manifest.files)) {
      const expected = await this.#requirePresent(manifest, name);
      const hash = createHash('sha256');
      await pipeline(createReadStream(join(this.path, name)), hash);
      this.#requireHash(name, expected, hash.digest('hex'));
    }
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
    const expected = await this.#requirePresent(manifest, name);
    const bytes = await readFile(join(this.path, name));
    this.#requireHash(name, expected, sha256(bytes));
    return bytes;
  }

  async #requirePresent(manifest: Manifest, name: string): Promise<FileFacts> {
    const file = join(this.path, name);
    const expected = manifest.files[name];
    if (!expected) throw new ArtifactError(this.#manifestPath, `files["${name}"]`, 'is missing');
    if (!existsSync(file)) throw new ArtifactError(file, 'file', 'is missing');
    const { size } = await stat(file);
    if (size !== expected.bytes)
      throw new ArtifactError(file, 'length', `is ${size} bytes, not ${expected.bytes}`);
    return expected;
  }

  #requireHash(name: string, expected: FileFacts, actual: string): void {
    if (actual !== expected.sha256)
      throw new ArtifactError(join(this.path, name), 'sha256', 'does not match the manifest');
  }
}
