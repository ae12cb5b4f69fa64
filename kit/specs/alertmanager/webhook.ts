/** A receiver of Alertmanager: prints each message, a JSON text, on a line of its own. */
import { createServer } from 'node:http';

const PORT = 8080;

createServer(async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  if (req.method === 'POST') console.log(JSON.stringify(JSON.parse(Buffer.concat(chunks).toString())));
  res.end();
}).listen(PORT);
