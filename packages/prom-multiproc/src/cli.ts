#!/usr/bin/env node
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clearDirectory } from './clear-directory.ts';
import { DirectoryPages } from './directory-pages.ts';
import { slotFileName } from './format/layout.ts';
import { type PageMaker, pageHandler, plain, totalsPage, workerPage } from './page-handler.ts';
import { Reader } from './reader.ts';
import { describePid } from './slot/holder-pid.ts';
import { printable } from './util/printable.ts';

const USAGE = `usage: prom-multiproc dump|serve|check|clear <directory> [options]

  dump    print the totals of all processes in Prometheus' text format
  serve   serve /metrics and /metrics/workers/<slot> until stopped
  check   print for each slot: series, bytes, refused series, and its state (pid of the process, free, or the error).
          Exit with 1 if a slot has an error
  clear   create the directory or remove its slot files. Run it only before each start of the application

Options:
  --name <name>     dump, serve: show registries of this name (default: registries without a name)
  --worker <slot>   dump: show only the living process in this slot
  --port <port>     serve: port to listen on (default: 9041)
  --host <address>  serve: address to listen on (default: 127.0.0.1)
  --wait <seconds>  clear: longest wait for living processes (default: 10)
  --help            print this help

Exit status: 0 success, 1 failure, 2 wrong usage`;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      name: { type: 'string' },
      worker: { type: 'string' },
      port: { type: 'string', default: '9041' },
      host: { type: 'string', default: '127.0.0.1' },
      wait: { type: 'string', default: '10' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [command, directory, ...rest] = positionals;
  if (directory === undefined || rest.length > 0) throw new UsageError('expected a command and a directory');
  const named = values.name === undefined ? {} : { name: values.name };
  if (command === 'dump') dump(new Reader(directory, named), values.worker);
  else if (command === 'serve')
    await serve(new DirectoryPages(directory, named), integer('--port', values.port, 65535), values.host);
  else if (command === 'check') check(new Reader(directory), directory);
  else if (command === 'clear') await clear(directory, integer('--wait', values.wait, 3600));
  else
    throw new UsageError(`unknown command ${JSON.stringify(command)}; expected dump, serve, check or clear`);
}

function dump(reader: Reader, worker: string | undefined): void {
  const text =
    worker === undefined ? reader.metrics() : reader.workerMetrics(integer('--worker', worker, 9999));
  if (text === undefined) throw new Error(`no living worker holds slot ${worker}; 'check' lists the slots`);
  process.stdout.write(text);
}

async function serve(pages: DirectoryPages, port: number, host: string): Promise<void> {
  const notFound = plain(404, 'Not found');
  const pageFor: PageMaker = (path, accept) => {
    const match = /^\/metrics(?:\/workers\/(\d{1,4}))?$/.exec(path);
    if (match === null) return notFound;
    const [, worker] = match;
    return worker === undefined ? totalsPage(pages, accept) : workerPage(pages, Number(worker), accept);
  };
  const server = createServer(pageHandler(pageFor, notFound));
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as { port: number };
  console.log(`http://${host}:${address.port}/metrics`);
}

function check(reader: Reader, directory: string): void {
  for (const { slot, pid, error, series, bytes, refused } of reader.slots()) {
    const holder = pid && describePid(pid, join(directory, slotFileName(slot)));
    const held = holder === undefined ? 'free, counts kept' : `held by a living process, ${holder}`;
    const state = error ?? held;
    const lacking = `${refused} series refused for lack of room`;
    console.log(`slot ${slot}: ${series} series, ${bytes} bytes, ${lacking}; ${printable(state)}`);
    if (error !== undefined) process.exitCode = 1;
  }
}

async function clear(path: string, seconds: number): Promise<void> {
  const { directory, created, removed } = await clearDirectory(path, { waitMs: seconds * 1000 });
  console.log(
    `${directory}: ${created ? 'created' : `${removed} slot ${removed === 1 ? 'file' : 'files'} removed`}`,
  );
}

function integer(name: string, text: string, most: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most))
    throw new UsageError(`${name} is ${JSON.stringify(text)}; expected a whole number from 0 to ${most}`);
  return value;
}

// The published package is CommonJS, which has no top-level `await`.
main(process.argv.slice(2)).catch((error: NodeJS.ErrnoException) => {
  const { message, code } = error;
  const wrongUsage = error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS') === true;
  console.error(`prom-multiproc: ${printable(message)}${wrongUsage ? `\n\n${USAGE}` : ''}`);
  process.exitCode = wrongUsage ? 2 : 1;
});
