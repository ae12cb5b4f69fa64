// Runs the standalone server in two cluster workers, sends 10 requests to each, and prints the metrics of each.
const cluster = require('node:cluster');
const { createServer } = require('node:net');
const { once } = require('node:events');

async function run() {
  if (cluster.isWorker) {
    require('./server.js');
    return;
  }
  const ports = [await freePort(), await freePort()];
  const workers = ports.map((port) => cluster.fork({ PORT: String(port), HOSTNAME: '127.0.0.1' }));
  try {
    for (const port of ports) for (let i = 0; i < 10; i++) await ask(port, 'hit');
    for (const port of ports) console.log(await ask(port, 'metrics'));
  } finally {
    for (const worker of workers) worker.process.kill('SIGKILL');
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function ask(port, path) {
  const until = performance.now() + 60_000;
  for (;;) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/api/${path}`)).text();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

run();
