import openSeal from 'node-seal';

// The package's CommonJS export is a function; NodeNext types it as a namespace with a default.
const open = openSeal as unknown as typeof openSeal.default;

export type Seal = Awaited<ReturnType<typeof open>>;
export type Context = ReturnType<Seal['Context']>;
export type CipherText = ReturnType<Seal['CipherText']>;
export type PlainText = ReturnType<Seal['PlainText']>;
export type CKKSEncoder = ReturnType<Seal['CKKSEncoder']>;
export type Evaluator = ReturnType<Seal['Evaluator']>;
export type Encryptor = ReturnType<Seal['Encryptor']>;
export type Decryptor = ReturnType<Seal['Decryptor']>;

/** Something that lives in SEAL's WebAssembly memory until it is deleted. */
interface SealObject {
  delete(): void;
}

/** Hands a SEAL object to the surrounding `withSeal`, which deletes it. */
export type Scope = <T extends SealObject>(object: T) => T;

/** A fresh SEAL instance with its own WebAssembly memory. */
export async function loadSeal(): Promise<Seal> {
  return await open();
}

/** Runs `body` and deletes every object it put in scope, whatever happens. */
export function withSeal<R>(body: (scope: Scope) => R): R {
  const objects: SealObject[] = [];
  const scope: Scope = (object) => {
    objects.push(object);
    return object;
  };
  try {
    return body(scope);
  } finally {
    for (const object of objects.reverse()) object.delete();
  }
}
