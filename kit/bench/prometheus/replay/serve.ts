/**
 * `node serve.ts RECORDING REPLICAS` serves the recording in the file RECORDING, sends the port to its parent, and exits when the parent
 * disconnects. It is a separate process, so that its processor time can be measured.
 */
import { readFileSync } from 'node:fs';
import { type Recording, serveReplay } from './replay-server.ts';

const [, , file, replicas] = process.argv;
const recording = JSON.parse(readFileSync(file!, 'utf8')) as Recording;
const { port } = await serveReplay(recording, Number(replicas));
process.once('disconnect', () => process.exit(0));
process.send!(port);
