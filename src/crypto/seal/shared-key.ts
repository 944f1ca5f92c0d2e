import type { KeyRing, ParameterSet } from '../scheme.ts';
import { openExecutor } from './open-executor.ts';
import type { KeyMaterial } from './operations.ts';
import { SealAggregator, SealDecryptor, SealEncryptor } from './seal-roles.ts';

/**
 * One key pair for all clients, made by a key authority (or by a client); the server holds the
 * public key only. MaskCrypt §6.1 and its released code; FedML-HE's trusted key authority.
 */
export async function openSharedKeyRing(set: ParameterSet, workers: number): Promise<KeyRing> {
  const executor = openExecutor(set.id, workers);
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
    encryptor: () => new SealEncryptor(executor, set, publicKey),
    aggregator: () => new SealAggregator(executor, set),
    decryptor: () => new SealDecryptor(executor, set, secretKey),
    close: () => executor.close(),
  };
}
