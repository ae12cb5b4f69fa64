/** Which client a registry belongs to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as other from '@prometheus-io/client';
import client from 'prom-client';
import { clientOf } from './clients.ts';

/** prom-client after 15.1.3 also stores metrics in a `Map`. */
class MapRegistry extends client.Registry {
  readonly _metrics = new Map();
}

test('a registry belongs to the client whose class it is an instance of, whatever its storage', () => {
  assert.equal(clientOf(new client.Registry())?.Registry, client.Registry);
  assert.equal(clientOf(client.register)?.Registry, client.Registry);
  assert.equal(clientOf(new MapRegistry())?.Registry, client.Registry);
  assert.equal(clientOf(new other.Registry())?.Registry, other.Registry);
});
