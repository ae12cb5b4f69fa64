/** A preload, as an application with OpenTelemetry has it: traces requests and exports spans to the console, as log lines. */
import { createRequire } from 'node:module';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { ConsoleSpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const spanProcessors = [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })];
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });
// The instrumentation changes the server's prototype when the module is required.
createRequire(import.meta.url)('node:http');
// The exporter prints objects of several lines.
console.dir = (span: object) => console.log(JSON.stringify({ msg: 'span', ...span }));
