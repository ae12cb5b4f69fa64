/** Which client a registry is of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as other from '@prometheus-io/client';
import client from 'prom-client';
import { clientOf } from './clients.ts';

/** As in prom-client after 15.1.3, whose registry keeps its metrics in a `Map` too. */
class MapRegistry extends client.Registry {
  readonly _metrics = new Map();
}

test('a registry is of the client whose class it is made of, whatever it keeps its metrics in', () => {
  assert.equal(clientOf(new client.Registry())?.Registry, client.Registry);
  assert.equal(clientOf(client.register)?.Registry, client.Registry);
  assert.equal(clientOf(new MapRegistry())?.Registry, client.Registry);
  assert.equal(clientOf(new other.Registry())?.Registry, other.Registry);
});
