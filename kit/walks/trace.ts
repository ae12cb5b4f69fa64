import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ExecutedFunction } from './walk.ts';

/** A call of a function in file `to` from file `from`, which is undefined if the caller is not in the library. */
export interface Entry {
  readonly from: string | undefined;
  readonly to: string;
}

interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params: {
    readonly url: string;
    readonly scriptId: string;
    readonly callFrames: readonly { readonly location: Location }[];
    readonly hitBreakpoints?: readonly string[];
  };
  readonly result?: { readonly scriptSource: string; readonly breakpointId: string };
  readonly error?: { readonly message: string };
}

/**
 * Runs a program that waits for a debugger, breaks at each entry of one of `functions` in the scripts below `source`, and records the
 * caller. Leaves out functions at which the debugger cannot break: those without code, and those loaded during the call.
 */
export async function trace(
  program: readonly string[],
  source: string,
  functions: readonly ExecutedFunction[],
): Promise<Entry[]> {
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stderr });
  const address = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /^Debugger listening on (ws:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    exit.then(() => reject(new Error(`${program.join(' ')} exited before its call`)), reject);
  });
  const entries: Entry[] = [];
  const files = new Map<string, string>();
  const breakpoints = new Set<string>();
  const replies = new Map<number, (message: Message) => void>();
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const post = (method: string, params: object = {}): Promise<Message> =>
    new Promise((resolve) => {
      const id = replies.size;
      replies.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  const fileOf = ({ location }: { location: Location }) => files.get(location.scriptId);
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data));
    const { id, method, params } = message;
    if (id !== undefined) replies.get(id)!(message);
    else if (method === 'Debugger.scriptParsed' && params.url.startsWith(source))
      files.set(params.scriptId, params.url.slice(source.length));
    else if (method === 'Debugger.paused') {
      const [top, ...below] = params.callFrames;
      const to = top && fileOf(top);
      if (to !== undefined && params.hitBreakpoints?.some((one) => breakpoints.has(one)))
        entries.push({ from: below.map(fileOf).find((file) => file !== undefined), to });
      void post('Debugger.resume');
    }
  });
  await post('Debugger.enable');
  const scripts = new Map([...files].map(([scriptId, file]) => [file, scriptId]));
  for (const { file, start } of functions) {
    const scriptId = scripts.get(file);
    if (scriptId === undefined) continue;
    const { result: script } = await post('Debugger.getScriptSource', { scriptId });
    const before = script!.scriptSource.slice(0, start).split('\n');
    const location: Location = {
      scriptId,
      lineNumber: before.length - 1,
      columnNumber: before.at(-1)!.length,
    };
    const { result } = await post('Debugger.setBreakpoint', { location });
    if (result !== undefined) breakpoints.add(result.breakpointId);
  }
  await post('Runtime.runIfWaitingForDebugger');
  const [code] = await exit;
  if (code !== 0) throw new Error(`${program.join(' ')} exited with ${code}`);
  return entries;
}
