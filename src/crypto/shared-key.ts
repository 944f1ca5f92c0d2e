import { CipherAggregator, countCalls, KeyDecryptor, KeyEncryptor } from './roles.ts';
import type { KeyRing, ParameterSet } from './scheme.ts';
import type { SchemeOptions } from './scheme-options.ts';
import { openExecutor } from './work/open-executor.ts';
import type { KeyMaterial } from './work/operations.ts';

/**
 * One key pair for all clients, made by a key authority (or by a client); the server holds the
 * public key only. MaskCrypt §6.1 and its released code; FedML-HE's trusted key authority.
 */
export async function openSharedKeyRing(
  set: ParameterSet,
  options: SchemeOptions,
  workers: number,
): Promise<KeyRing> {
  const executor = openExecutor({ parameterSet: set.id, options }, workers);
  const nextCall = countCalls();
  const keys = await executor.submit('generateKeys', [], () => ({}));
  const publicKey: KeyMaterial = { id: 0, kind: 'public', bytes: keys.publicKey };
  const secretKey: KeyMaterial = { id: 1, kind: 'secret', bytes: keys.secretKey };
  return {
    keySetup: 'shared',
    parameterSet: set,
    keyBytes: {
      perClient: publicKey.bytes.length + secretKey.bytes.length,
      server: publicKey.bytes.length,
    },
    encryptor: (client) => {
      const key = options.uploads === 'seeded' ? secretKey : publicKey;
      return new KeyEncryptor(executor, set, key, client, nextCall);
    },
    aggregator: () => new CipherAggregator(executor, set, publicKey),
    decryptor: () => new KeyDecryptor(executor, set, secretKey),
    close: () => executor.close(),
  };
}
