// `node examples/split-horizon/server.js`: 127.0.0.1 is inside, the rest of 127.0.0.0/8 outside. Try
// `dig @127.0.0.1 -p 5300 www.example.org`, and again with `-b 127.0.0.2`.
import { createServer } from 'multisocket';

const port = process.env.PORT ?? 5300;
const server = createServer({
  listen: `0.0.0.0:${port}`,
  filename: new URL('./views.js', import.meta.url),
  workerData: {
    inside: [
      ['127.0.0.1', 32],
      ['10.0.0.0', 8],
    ],
  },
  cache: { maxBytes: 1 << 20 },
});
await server.listen();
console.log(`listening on port ${port}`);
process.once('SIGINT', () => server.close());
