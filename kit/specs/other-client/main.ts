/**
 * What one client does to nginx, in a container of its own and so from an address of its own: other-client/main.ts HOST PORT ATTACK.
 * It says `begun` once all of it is under way, and what came of it when its standard input ends. Bounded in count and time.
 */
import { ATTACKS, type AttackName } from './attacks.ts';

const LONGEST_MS = 120_000;
const [host = '', port = '', name = ''] = process.argv.slice(2);
const attack = ATTACKS[name as AttackName];
if (attack === undefined) throw new Error(`no attack ${name}: one of ${Object.keys(ATTACKS).join(', ')}`);

const end = new AbortController();
const begun = () => process.stdout.write('begun\n');
process.stdin.resume().once('end', () => end.abort());
setTimeout(() => end.abort(), LONGEST_MS).unref();
const outcome = await attack({ host, port: Number(port), signal: end.signal, begun });
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
