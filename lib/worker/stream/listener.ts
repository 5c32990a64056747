import { once } from 'node:events';
import { Socket, type Server, type SocketConstructorOpts } from 'node:net';
import { nativeMissing } from '../../native/addon.js';
import { plainSocket } from '../../socket/plain-socket.js';

/**
 * Makes `server` accept from the socket until it is closed; the server owns `fd` from now on. Rejects with a system
 * error.
 */
export async function listenOn(server: Server, fd: number, backlog: number): Promise<void> {
  if (nativeMissing === undefined) {
    // As a handle: a worker of node:cluster would ask its primary to listen on the descriptor, which is of no use there.
    server.listen(new Socket({ fd, manualStart: true } as SocketConstructorOpts), backlog);
    await once(server, 'listening');
    return;
  }
  const stop = plainSocket(fd).subscribe((item) => {
    const socket = item as Socket;
    socket.allowHalfOpen = (server as Server & { allowHalfOpen: boolean }).allowHalfOpen;
    server.emit('connection', socket);
  });
  server.once('close', stop);
}
