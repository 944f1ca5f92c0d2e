import { benchAttacks } from './attacks.ts';
import { benchCrypto } from './crypto.ts';
import { benchEngine } from './engine.ts';

const benches: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  attacks: benchAttacks,
  crypto: benchCrypto,
  engine: benchEngine,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench) await bench(args);
else {
  console.error(`Usage: npm run bench -- NAME, where NAME is ${Object.keys(benches).join(', ')}.`);
  process.exitCode = 2;
}
