// `node examples/closures/server.js`: `workers: 0` serves on this thread, so that the handler reaches what the program
// has in memory. Here a name counts how often it was asked for.
import { createServer } from 'multisocket';

const port = process.env.PORT ?? 5300;
const asked = new Map();

const server = createServer({
  listen: `127.0.0.1:${port}`,
  workers: 0,
  handler: (query, reply) => {
    const count = (asked.get(query.key) ?? 0) + 1;
    asked.set(query.key, count);
    reply.answer({ type: 'TXT', name: query.name, ttl: 0, data: String(count) });
  },
});
await server.listen();
console.log(`dig @127.0.0.1 -p ${port} example.org TXT`);
process.once('SIGINT', () => server.close());
