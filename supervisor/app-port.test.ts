/** supervisord's half of the app's port, with a real socket, a supervisor that is not real, and a clock that the test controls. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';
import { SUPERVISOR_OF_APP_PORT } from './testing/supervisor-modules.ts';

const BEGIN = `
import os, socket, sys, time
# 0 lets the system choose; the test reads the port from the socket.
os.environ.update(HOST="127.0.0.1", PORT="0", WAIT_FOR_WORKER_MS="3000")
sys.path.insert(0, sys.argv[1])
clock = 1000.0
time.time = lambda: clock
import app_port
from supervisor.options import ProcessConfig

class Options:
    mood = 1

config = ProcessConfig()
config.environment = {"LISTEN_ON_STDIN": "1"}
config.options = Options()
process = config.make_process()

def client():
    made = socket.socket()
    made.settimeout(5)
    try:
        made.connect(process.bound.getsockname())
        return made
    except ConnectionRefusedError:
        made.close()

def state():
    made = client()
    print("refused" if made is None else "open")

# What a worker does.
def listen():
    process.bound.listen(8)

def run_for(seconds):
    global clock
    process.pid, process.laststart = 1, clock
    clock += seconds

def die():
    process.pid, process.laststop = 0, clock

def wait(seconds):
    global clock
    clock += seconds
    process.transition()
`;

/** Runs a script after BEGIN. Returns the lines that it prints. */
function run(t: TestContext, script: string): string[] {
  const path = temporaryDirectory(t);
  mkdirSync(join(path, 'supervisor'));
  for (const [name, text] of Object.entries(SUPERVISOR_OF_APP_PORT))
    writeFileSync(join(path, 'supervisor', name), text);
  const env = { PATH: process.env.PATH, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  const output = execFileSync('python3', ['-c', BEGIN + script, import.meta.dirname], {
    encoding: 'utf8',
    env,
  });
  return output.trim().split('\n');
}

test('the port is closed until a worker listens', (t) => {
  assert.deepEqual(run(t, 'state(); wait(60); state(); listen(); state()'), ['refused', 'refused', 'open']);
});

test('after the death of the primary the port stays open for WAIT_FOR_WORKER_MS, then it is closed', (t) => {
  const script = 'run_for(60); listen(); die(); wait(2.9); state(); wait(0.2); state()';
  assert.deepEqual(run(t, script), ['open', 'refused']);
});

test('starts that fail at once do not keep the port open', (t) => {
  const script = `
run_for(60); listen(); die()
for _ in range(2): wait(1); run_for(0.4); die()
wait(0.1); state()
wait(0.2); state()`;
  assert.deepEqual(run(t, script), ['open', 'refused']);
});

test('connections that a worker accepts after the port was closed are not ended', (t) => {
  const script = `
run_for(60); listen(); die()
for _ in range(5): wait(4)
listen()
sent = client()
accepted, _ = process.bound.accept()
accepted.setblocking(False)
try:
    print("ended" if accepted.recv(1) == b"" else "data")
except BlockingIOError:
    print("waits for data")`;
  assert.deepEqual(run(t, script), ['waits for data']);
});

test('supervisord keeps its copy of the socket over a restart of the app, and closes it when it ends', (t) => {
  const script = `
run_for(60); listen(); process.stop(); state()
copy = process.bound.dup()
Options.mood = 0
process.stop(); print(process.bound.fileno())
wait(60)
process.bound = copy; state()
copy.close()`;
  assert.deepEqual(run(t, script), ['open', '-1', 'open'], 'the copy stands for a worker that still listens');
});

test('the socket does not block, so that Node does not make it block for other processes at its exit', (t) => {
  assert.deepEqual(run(t, 'print(process.bound.getblocking())'), ['False']);
});

test('a program without LISTEN_ON_STDIN gets no socket', (t) => {
  assert.deepEqual(run(t, 'config.environment = None; print(config.make_process())'), ['None']);
});
