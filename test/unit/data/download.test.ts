import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checksumOf, gitBlob, sha256 } from '../../../src/data/checksums.ts';
import { download } from '../../../src/data/download.ts';
import { DatasetError } from '../../../src/data/errors.ts';

const content = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 31) % 251));
const checksum = sha256(checksumOf(content, 'sha256'));

let folder: string;
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await rm(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((ready) => server?.once('listening', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.tgz`;
}

const path = () => join(folder, 'sub', 'set.tgz');

/** Serves ranges, and notes which were asked for. */
function ranged(asked: (string | undefined)[]): RequestListener {
  return (request, response) => {
    const { range } = request.headers;
    asked.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (range)
      response.writeHead(206, {
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
        'content-length': content.length - from,
      });
    response.end(content.subarray(from));
  };
}

describe('download', () => {
  it('fetches, tells how far it is, and fetches nothing a second time', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve(ranged(asked));
    const seen: number[] = [];
    await download({ url, checksum }, path(), (_, done) => seen.push(done));
    expect(await readFile(path())).toEqual(content);
    expect(seen.at(-1)).toBe(content.length);
    await download({ url, checksum }, path(), () => {});
    expect(asked).toEqual([undefined]);
    expect(await readdir(join(folder, 'sub'))).toEqual(['set.tgz']);
  });

  it('goes on after a broken connection where it ended', async () => {
    let broken = true;
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      if (!broken) return ranged(asked)(request, response);
      broken = false;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 50));
    });
    await expect(download({ url, checksum }, path(), () => {})).rejects.toThrow(
      /set\.tgz can't be downloaded from .* Try again to go on.*or put the file into .*sub yourself/,
    );
    const { length } = await readFile(`${path()}.part`);
    expect(length).toBeGreaterThan(0);
    await download({ url, checksum }, path(), () => {});
    expect(asked).toEqual([`bytes=${length}-`]);
    expect(await readFile(path())).toEqual(content);
  });

  it('starts again where a server knows no ranges', async () => {
    const url = await serve((_, response) => response.end(content));
    await download({ url, checksum }, path(), () => {});
    await rm(path());
    await writeFile(`${path()}.part`, content.subarray(0, 100));
    await download({ url, checksum }, path(), () => {});
    expect(await readFile(path())).toEqual(content);
  });

  it('throws away what has another sum, names both, and starts afresh', async () => {
    const url = await serve((_, response) => response.end('something else'));
    const failure = await download({ url, checksum }, path(), () => {}).catch((error) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    expect(failure.message).toContain(checksum.hex);
    expect(failure.message).toContain(checksumOf(Buffer.from('something else'), 'sha256'));
    expect(await readdir(join(folder, 'sub'))).toEqual([]);
  });

  it('says what the server answered, or that none did', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    await expect(download({ url, checksum }, path(), () => {})).rejects.toThrow(/answered 404/);
    server?.close();
    await expect(
      download({ url: 'http://127.0.0.1:1/set.tgz', checksum }, path(), () => {}),
    ).rejects.toThrow(/can't be downloaded from http:\/\/127\.0\.0\.1:1\/set\.tgz \(/);
  });

  it("verifies a file that was put there by hand, also by git's id", async () => {
    await download({ url: await serve(ranged([])), checksum }, path(), () => {});
    const blob = gitBlob(checksumOf(content, 'git-blob'));
    await download({ url: 'http://127.0.0.1:1/', checksum: blob }, path(), () => {});
    await writeFile(path(), 'damaged');
    await expect(
      download({ url: 'http://127.0.0.1:1/', checksum: blob }, path(), () => {}),
    ).rejects.toThrow(/set\.tgz is not the published file: its git-blob should be .*Delete it/);
  });
});

it("git's id of a file is the one git gives", () => {
  // `printf 'hello\n' | git hash-object --stdin`
  expect(checksumOf(Buffer.from('hello\n'), 'git-blob')).toBe(
    'ce013625030ba8dba906f756967f9e9ca394464a',
  );
});
