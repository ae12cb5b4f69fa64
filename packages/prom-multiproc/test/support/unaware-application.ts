/** An application that uses prom-client and not this library. */
import client from 'prom-client';

const own = new client.Registry();
new client.Counter({ name: 'global_total', help: 'x' }).inc();
new client.Counter({ name: 'first_total', help: 'x', registers: [own] }).inc();
new client.Counter({ name: 'second_total', help: 'x', registers: [own] }).inc();
new client.Histogram({ name: 'both', help: 'x', registers: [own, client.register] }).observe(1);
process.stdout.write(JSON.stringify([await client.register.metrics(), await own.metrics()]));
