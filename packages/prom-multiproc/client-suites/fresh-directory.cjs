/** A setup file of jest: the tests of each file share a directory of their own. */
const { mkdtempSync } = require('node:fs');
const { join } = require('node:path');

process.env.PROMETHEUS_MULTIPROC_DIR = mkdtempSync(join(process.env.CLIENT_SUITES_DIR, 'file-'));
