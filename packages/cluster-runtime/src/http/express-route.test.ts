import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import express, { Router } from 'express';
import { listen } from '../../test/support/listen.ts';
import { expressRoute } from './express-route.ts';

/** Serves an app. The returned function sends a request and returns `expressRoute` at the end of it. */
async function labelsOf(t: TestContext, build: (app: express.Express) => void) {
  const app = express();
  const labels: (string | undefined)[] = [];
  app.use((req, res, next) => {
    res.once('finish', () => labels.push(expressRoute(req)));
    next();
  });
  build(app);
  const { url } = await listen(t, app);
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    await response.text();
    return labels.at(-1);
  };
}

const ok = (_req: express.Request, res: express.Response): void => {
  res.send('ok');
};

test('the route is the pattern and never the path of the request', async (t) => {
  const label = await labelsOf(t, (app) => app.get('/users/:id', ok));
  assert.equal(await label('/users/1'), '/users/:id');
  assert.equal(await label('/USERS/2/?a=b'), '/users/:id');
  assert.equal(await label('/users/3', { method: 'HEAD' }), '/users/:id');
});

test('a request that matches no route has no label', async (t) => {
  const label = await labelsOf(t, (app) => app.get('/users/:id', ok));
  assert.equal(await label('/nothing/here'), undefined);
  assert.equal(await label('/users/1', { method: 'POST' }), undefined);
});

test('the label contains the pattern of the mount point', async (t) => {
  const label = await labelsOf(t, (app) => {
    const posts = Router().get('/', ok).get('/:post', ok);
    const users = Router().use('/:user/posts', posts).get('/', ok);
    app.use('/users', users);
  });
  assert.equal(await label('/users'), '/users');
  assert.equal(await label('/Users/7/posts'), '/users/:user/posts');
  assert.equal(await label('/users/7/posts/9'), '/users/:user/posts/:post');
});

test('a router that is mounted twice has a label for each mount point', async (t) => {
  const label = await labelsOf(t, (app) => {
    const pages = Router().get('/:page', ok);
    app.use('/a', pages).use('/b/:c', pages).use('/', pages);
  });
  assert.equal(await label('/a/1'), '/a/:page');
  assert.equal(await label('/b/x/1'), '/b/:c/:page');
  assert.equal(await label('/1'), '/:page');
});

test('a request that throws in a mounted router keeps its route', async (t) => {
  const label = await labelsOf(t, (app) => {
    app.use(
      '/users',
      Router().get('/:id', () => {
        throw new Error('no');
      }),
    );
    app.use((_error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      res.status(500).send('failed');
    });
  });
  assert.equal(await label('/users/1'), '/users/:id');
});

test('routes added after the first request, regular expressions and lists of paths have bounded labels', async (t) => {
  const app: express.Express[] = [];
  const label = await labelsOf(t, (built) => {
    app.push(built);
    built.get(/^\/r\d+$/, ok);
    built.get(['/one', '/two'], ok);
  });
  assert.equal(await label('/r12'), '/^\\/r\\d+$/');
  assert.equal(await label('/two'), '/one,/two');
  app[0]!.get('/late/:x', ok);
  assert.equal(await label('/late/1'), '/late/:x');
});

test('a mounted application has bounded labels', async (t) => {
  const label = await labelsOf(t, (app) => app.use('/sub/:x', express().get('/in/:y', ok)));
  assert.equal(await label('/sub/1/in/2'), '/in/:y');
});
