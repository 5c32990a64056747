// `node examples/ad-blocker/server.js queries.db`: needs Node 22.13 or newer, for node:sqlite. See README.md.
import { fileURLToPath } from 'node:url';
import { createServer } from 'multisocket';
import { QueryLog } from './query-log.js';

const { PORT = 5300, UPSTREAMS = 'https://dns.quad9.net/dns-query', BLOCK_LIST } = process.env;
const workerData = {
  upstreams: UPSTREAMS.split(' '),
  blockList: BLOCK_LIST ?? fileURLToPath(new URL('./blocked.txt', import.meta.url)),
};

const log = new QueryLog(process.argv[2] ?? 'queries.db');
const server = createServer({
  listen: `127.0.0.1:${PORT}`,
  filename: new URL('./handler.js', import.meta.url),
  workerData,
});
server.on('message', (rows) => log.write(rows));
server.on('warning', ({ message }) => console.warn(message));
await server.listen();
console.log(`listening on port ${PORT}`);

// New workers read the block list again. If they cannot, the present ones go on.
process.on('SIGHUP', () => server.reload({ workerData }).catch(({ message }) => console.warn(message)));
process.once('SIGINT', async () => {
  await server.close();
  log.close();
});
