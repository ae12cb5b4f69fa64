import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditVerdict, packagesWithoutHash } from './audit-verdict.ts';

test('a report without findings is clean; findings are listed', () => {
  assert.deepEqual(auditVerdict('{"auditReportVersion":2,"vulnerabilities":{}}'), { kind: 'clean' });
  const text = '{"auditReportVersion":2,"vulnerabilities":{"x":{"severity":"high","range":"<2"}}}';
  assert.deepEqual(auditVerdict(text), { kind: 'vulnerable', findings: ['x <2: high'] });
});

test('a registry without an audit service is distinguished from one that does not respond', () => {
  for (const status of [404, 405, 501]) {
    const text = `{"message":"${status} no","statusCode":${status}}`;
    assert.deepEqual(auditVerdict(text), { kind: 'not offered', reason: `${status} no` });
  }
  for (const text of ['{"message":"ENOTFOUND"}', '{"message":"500","statusCode":500}', '', 'oops', '{}']) {
    assert.equal(auditVerdict(text).kind, 'not answered', text);
  }
});

test('a locked package without a SHA-512 is listed; workspaces and their links are not', () => {
  const packages = {
    '': {},
    'demo-app': {},
    'node_modules/a': { integrity: 'sha512-x' },
    'node_modules/b': { integrity: 'sha1-x' },
    'node_modules/a/node_modules/c': {},
    'node_modules/demo-app': { link: true },
  };
  assert.deepEqual(packagesWithoutHash({ packages }), ['node_modules/b', 'node_modules/a/node_modules/c']);
});
