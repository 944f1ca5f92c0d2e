import { parentPort } from 'node:worker_threads';
import { defaultOptions } from '../src/crypto/scheme-options.ts';
import { openContext } from '../src/crypto/seal/context.ts';
import { loadSeal } from '../src/crypto/seal/library.ts';
import { sealParameters } from '../src/crypto/seal/seal-parameters.ts';
import { randomStream } from '../src/engine/random.ts';

const port = parentPort;
if (!port) throw new Error('crypto-ceiling-worker runs as a worker thread only');

/** Encrypts again and again to the same place: SEAL's arithmetic, no messages and no garbage. */
async function openLoop(): Promise<(ciphertexts: number) => void> {
  const seal = await loadSeal();
  const { codec, context } = openContext(seal, sealParameters('ckks-tenseal'), defaultOptions);
  const keys = seal.KeyGenerator(context);
  const encryptor = seal.Encryptor(context, keys.createPublicKey());
  const plaintext = seal.PlainText();
  const ciphertext = seal.CipherText();
  const values = new Float32Array(codec.valuesPerPlaintext).fill(0.5);
  const random = randomStream(0, 'ceiling');
  return (ciphertexts) => {
    for (let at = 0; at < ciphertexts; at++) {
      codec.encode(values, 1, plaintext, random);
      encryptor.encrypt(plaintext, ciphertext);
    }
  };
}

const loop = openLoop();

port.on('message', async (ciphertexts: number) => {
  (await loop)(ciphertexts);
  port.postMessage('done');
});
