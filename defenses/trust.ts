/** Words that the statements of several defenses share. */
export const sharedKey = {
  key: 'one key pair shared by all clients; the server has the public key',
  brokenBy:
    'any client that sees the server’s traffic: the shared secret key opens every ciphertext of every client',
};

/** What the server gets of the global model where the parameter `globalModel` decides it. */
export const globalModelsAsSet =
  'every global model (globalModel: aggregate), or its plaintext coordinates only (plain-part)';

/** A client returns decrypted CKKS values to the holder of the ciphertexts (IND-CPA-D). */
export const decryptedValuesReturned =
  'with globalModel: aggregate also the server, if clients return CKKS values unrounded (IND-CPA-D; float32 stops the known attack)';
