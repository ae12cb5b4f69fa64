/**
 * `node serve.ts RECORDING REPLICAS` serves the recording in the file RECORDING until its parent disconnects, to which it sends the port. A
 * process of its own, so that its processor time is known.
 */
import { readFileSync } from 'node:fs';
import { type Recording, serveReplay } from './replay-server.ts';

const [, , file, replicas] = process.argv;
const recording = JSON.parse(readFileSync(file!, 'utf8')) as Recording;
const { port } = await serveReplay(recording, Number(replicas));
process.once('disconnect', () => process.exit(0));
process.send!(port);
