/**
 * Opens connections from one address and holds them: `crowd.ts HOST PORT ADDRESS COUNT`. Prints the number of connections after each,
 * and exits when standard input ends.
 */
import { connect } from 'node:net';

const [host = '', port = '', localAddress = '', count = ''] = process.argv.slice(2);
let connected = 0;
process.stdin.resume().once('end', () => process.exit(0));
// The kernel retries a dropped connection for longer than the test takes.
for (let i = 0; i < Number(count); i++) {
  const socket = connect({ host, port: Number(port), localAddress });
  socket.once('connect', () => {
    connected += 1;
    process.stdout.write(`${connected}\n`);
  });
  socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
}
