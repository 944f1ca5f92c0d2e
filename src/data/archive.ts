import { DatasetError } from './errors.ts';

/** Takes a file's content in pieces, and is told its end. */
export interface Sink {
  write(piece: Uint8Array): void;
  end(): void;
}

/**
 * Streams regular files out of a .tar or .tar.gz file; nothing is unpacked to disk.
 *
 * @param open gives a sink for each file that is wanted; names are as in the archive, without `./`
 * @throws {DatasetError} naming the archive when it is damaged; what a sink throws is passed on
 */
export async function streamArchive(
  archive: string,
  open: (name: string, bytes: number) => Sink | undefined,
): Promise<void> {
  // Loaded where it is needed: every process of a run knows all data sets.
  const { list } = await import('tar');
  let failure: unknown;
  const guarded = (work: () => void) => {
    if (failure) return;
    try {
      work();
    } catch (error) {
      failure = error;
    }
  };
  try {
    await list({
      file: archive,
      strict: true,
      onReadEntry(entry) {
        if (entry.type !== 'File' && entry.type !== 'OldFile') return;
        const sink = open(entry.path.replace(/^\.\//, ''), entry.size);
        if (!sink) return;
        entry.on('data', (piece: Uint8Array) => guarded(() => sink.write(piece)));
        entry.on('end', () => guarded(() => sink.end()));
      },
    });
  } catch (cause) {
    throw new DatasetError(
      `${archive} can't be read as a tar archive (${cause instanceof Error ? cause.message : cause}). Delete it and get the data set again.`,
      { cause },
    );
  }
  if (failure) throw failure;
}

/**
 * The content of some of an archive's files.
 *
 * @throws {DatasetError} naming a file that is not in it
 */
export async function readArchive<Name extends string>(
  archive: string,
  names: readonly Name[],
): Promise<Record<Name, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  await streamArchive(archive, (name) => {
    if (!names.includes(name as Name)) return undefined;
    const pieces: Uint8Array[] = [];
    return {
      write: (piece) => pieces.push(piece),
      end: () => contents.set(name, Buffer.concat(pieces)),
    };
  });
  return Object.fromEntries(
    names.map((name) => {
      const content = contents.get(name);
      if (!content) throw new DatasetError(`${archive} holds no file ${name}.`);
      return [name, content];
    }),
  ) as Record<Name, Uint8Array>;
}
