/**
 * Node's module `http`. Import only types from 'node:http': an import of a value also loads undici, for the export `WebSocket`, which
 * takes 40 ms of processor time and 2 MB of memory in each process.
 */
export const {
  createServer,
  ServerResponse: NodeResponse,
  STATUS_CODES,
} = process.getBuiltinModule('node:http');
