// Receives Porthole's webhooks, checks that they are Porthole's, and prints them. Needs the package standardwebhooks;
// WEBHOOK_SECRET is what came with the webhook: whsec_…
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET ?? '');
const known = new Set();

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const { event, data } = webhook.verify(Buffer.concat(chunks).toString(), request.headers);
    const id = request.headers['webhook-id'];
    // Each comes at least once.
    if (!known.has(id)) console.log(`${data.badge} ${event}: ${data.message}`);
    known.add(id);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
});
server.listen(Number(process.env.PORT ?? 9000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
