// `node examples/zone-primary/server.js`: runs a Corefile that is the primary of a zone file on 127.0.0.1:5300, or the port in
// $PORT. Secondaries in $SECONDARIES, such as '127.0.0.1:5301', are told of each change of the file. Ctrl-C ends it.
import { createServer } from 'multisocket';
import { fileURLToPath } from 'node:url';

const port = process.env.PORT ?? 5300;
// `tsig-keygen` makes a secret. Who has this one may copy the zone.
const secret = process.env.SECRET ?? 'YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBvY3RldHMuLi4=';
const zone = fileURLToPath(new URL('./example.org.zone', import.meta.url));

const server = createServer({
  corefile: `
example.org:${port} {
    bind 127.0.0.1
    errors
    tsig {
        secret example-key ${secret}
        require AXFR IXFR
    }
    transfer {
        to * ${process.env.SECONDARIES ?? ''}
    }
    file "${zone}" {
        reload 1s
    }
}`,
});
server.on('warning', ({ message }) => console.warn(message));
await server.listen();
console.log(`dig @127.0.0.1 -p ${port} -y hmac-sha256:example-key:${secret} example.org AXFR`);
process.once('SIGINT', () => server.close());
