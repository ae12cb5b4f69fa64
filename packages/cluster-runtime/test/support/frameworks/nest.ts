import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Get, Module, Param, StreamableFile } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { App } from '../../../src/core/app.ts';
import { expressRoute } from '../../../src/http/express-route.ts';
import { brokenStream } from './broken-stream.ts';

class Routes {
  ok(id: string): string {
    return `ok ${id}`;
  }
  thrown(): never {
    throw new Error('thrown');
  }
  async rejected(): Promise<never> {
    await delay(1);
    throw new Error('rejected');
  }
  streamed(): StreamableFile {
    return new StreamableFile(brokenStream());
  }
}

class Root {}

/** Applies decorators by calls, because Node does not support decorator syntax. */
function decorate(): void {
  const routes = Routes.prototype;
  const get = (path: string, method: keyof Routes) =>
    Get(path)(routes, method, Object.getOwnPropertyDescriptor(routes, method)!);
  get('/ok/:id', 'ok');
  get('/thrown', 'thrown');
  get('/rejected', 'rejected');
  get('/streamed', 'streamed');
  Param('id')(routes, 'ok', 0);
  Controller()(Routes);
  Module({ controllers: [Routes] })(Root);
}

export async function createApp(): Promise<App> {
  decorate();
  const app = await NestFactory.create(Root, { logger: false });
  await app.init();
  return { listener: app.getHttpAdapter().getInstance(), routeOf: expressRoute, close: () => app.close() };
}
