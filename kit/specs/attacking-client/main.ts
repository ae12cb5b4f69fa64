/**
 * Runs one attack on nginx: `main.ts HOST PORT ATTACK`. Prints `begun` once the whole attack is running, and its outcomes as JSON when
 * standard input ends, at the latest after two minutes.
 */
import { ATTACKS, type AttackName } from './attacks.ts';

const MAX_MS = 120_000;
const [host = '', port = '', name = ''] = process.argv.slice(2);
const attack = ATTACKS[name as AttackName];
if (attack === undefined)
  throw new Error(`unknown attack ${name}: expected one of ${Object.keys(ATTACKS).join(', ')}`);

const end = new AbortController();
const begun = () => process.stdout.write('begun\n');
process.stdin.resume().once('end', () => end.abort());
setTimeout(() => end.abort(), MAX_MS).unref();
const outcome = await attack({ host, port: Number(port), signal: end.signal, begun });
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
