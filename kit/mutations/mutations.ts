/** A change that breaks a guarantee, and the test that must then fail. Paths are relative to the root of the checkout. */
export interface Mutation {
  readonly name: string;
  /** Number of the guarantee in the README's list. */
  readonly guarantee: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly text: string;
  readonly replacement: string;
  /** The file of the test and its title. */
  readonly test: readonly [file: string, title: string];
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'skip the lock',
    guarantee: 2,
    file: 'packages/prom-multiproc/src/slot/slot-lock.ts',
    text: 'if (!stats.isFile() || !libc.tryLock(fd)) return undefined;',
    replacement: 'if (!stats.isFile()) return undefined;',
    test: [
      'packages/prom-multiproc/src/slot/slot-lock.test.ts',
      'a process takes the lowest free slot and creates its file if there is none',
    ],
  },
  {
    name: 'publish a record early',
    guarantee: 2,
    file: 'packages/prom-multiproc/src/slot/slot-file.ts',
    text: 'while (to > this.#logChunks.length * CHUNK_BYTES) this.#addLog();',
    replacement: `while (to > this.#logChunks.length * CHUNK_BYTES) this.#addLog();
    this.header.logState = packLogState(to, crc32(record, this.#logCrc));`,
    test: [
      'packages/prom-multiproc/test/crash-points.test.ts',
      'a crash at any point of creating a slot file, a metric or a series loses and adds no counts',
    ],
  },
  {
    name: 'drop the CRC',
    guarantee: 6,
    file: 'packages/prom-multiproc/src/slot/log-reader.ts',
    text: 'if (crc32(bytes, crcBefore) !== crcAfter)',
    replacement: 'if (crc32(bytes, crcBefore) < 0)',
    test: [
      'packages/prom-multiproc/src/slot/slot-writer.test.ts',
      'a damaged file is skipped and not changed',
    ],
  },
  {
    name: 'count on `finish`',
    guarantee: 2,
    file: 'packages/cluster-runtime/src/http/response-hooks.ts',
    text: `exchange?.measurement?.count(exchange, this.statusCode);
    return end.call(`,
    replacement: `this.once('finish', () => exchange?.measurement?.count(exchange, this.statusCode));
    return end.call(`,
    test: [
      'packages/cluster-runtime/src/http/measure-requests.test.ts',
      'counted before the last byte leaves: a response sent by end()',
    ],
  },
  {
    name: 'skip the cleanup',
    guarantee: 5,
    file: 'supervisor/run-app',
    text: '|| "$app/scripts/clear-metrics-dir" "$PROMETHEUS_MULTIPROC_DIR"',
    replacement: '|| :',
    test: ['scripts/run-app.test.ts', 'each start of the app begins with an empty metrics directory'],
  },
  {
    name: 'open `/metrics` on the public port',
    guarantee: 7,
    file: 'packages/cluster-runtime/src/http/pipeline.ts',
    text: 'steps.push(health(isEnding, whyNotReady), ...shed, logRequests(slowRequestMs));',
    replacement: `steps.push(health(isEnding, whyNotReady), ...shed, logRequests(slowRequestMs));
  steps.push((req, res, next) => {
    if (req.url !== '/metrics') next(req, res);
    else void import('prom-client').then(async ({ register }) => res.end(await register.metrics()));
  });`,
    test: ['packages/cluster-runtime/src/http/pipeline.test.ts', 'workers do not serve metrics or status'],
  },
  {
    name: "show a dead worker's gauge",
    guarantee: 1,
    file: 'packages/prom-multiproc/src/merge/slot-series.ts',
    text: 'if (live || keeps) {',
    replacement: 'if (slot >= 0) {',
    test: [
      'packages/prom-multiproc/src/merge/directory-reader.test.ts',
      'counts of dead slots are shown and gauges are not',
    ],
  },
  {
    name: 'take over without the owner check',
    guarantee: 6,
    file: 'packages/prom-multiproc/src/slot/found-file.ts',
    text: 'if (uid !== process.geteuid?.()) throw',
    replacement: 'if (uid < 0) throw',
    test: ['packages/prom-multiproc/src/slot/slot-writer.test.ts', 'a file of another user is skipped'],
  },
  {
    name: 'add up slots in another order at each scrape',
    guarantee: 1,
    file: 'packages/prom-multiproc/src/merge/directory-reader.ts',
    text: 'const views = this.#views().sort(bySlot);',
    replacement: 'const views = this.#views();',
    test: [
      'packages/prom-multiproc/src/merge/directory-reader.test.ts',
      'values are summed in slot order, so that rounding never lowers a total',
    ],
  },
  {
    name: 'wait for a `collect()` that hangs',
    guarantee: 3,
    file: 'packages/prom-multiproc/src/util/timed-runs.ts',
    text: 'run.timer = setTimeout(() => setImmediate(overrun), limit).unref();',
    replacement: '',
    test: [
      'packages/prom-multiproc/test/collect-failures.test.ts',
      'hanging collect() functions, including one that awaits metrics() of its own registry, delay a scrape by one time limit in all',
    ],
  },
  {
    name: 'do not take over the slots of dead workers',
    guarantee: 4,
    file: 'packages/prom-multiproc/src/slot/slot-lock.ts',
    text: 'const fd = tryHold(libc, path);',
    replacement: 'const fd = lstatSync(path, { throwIfNoEntry: false }) ? undefined : tryHold(libc, path);',
    test: [
      'packages/prom-multiproc/src/slot/slot-writer.test.ts',
      'a successor continues the counts of its slot and starts its gauges without a value',
    ],
  },
  {
    name: 'look up a known series as if it were new',
    guarantee: 8,
    file: 'packages/prom-multiproc/src/metric/shared-metric.ts',
    text: 'return this.#isSettled ? this.#tree.get(labels) : undefined;',
    replacement: 'return labels && undefined;',
    test: [
      'packages/prom-multiproc/test/cost.test.ts',
      'counting in a known series allocates no object, whereas prom-client allocates one at each call',
    ],
  },
  {
    name: 'create a new child for a known series',
    guarantee: 8,
    file: 'packages/prom-multiproc/src/metric/labels-method.ts',
    text: 'if (known !== undefined) known.child = child;',
    replacement: '',
    test: [
      'packages/prom-multiproc/test/cost.test.ts',
      'counting in a known series allocates no object, whereas prom-client allocates one at each call',
    ],
  },
  {
    name: 'count in a dropped series',
    guarantee: 2,
    file: 'packages/prom-multiproc/src/metric/shared-series.ts',
    text: 'return this.array === NO_CELLS;',
    replacement: 'return false;',
    test: [
      'packages/prom-multiproc/test/reset-remove.test.ts',
      'reset() removes the inherited and own counts of this slot and no counts of other slots',
    ],
  },
];
