/** A next hop that counts recipients, which smtp-sink does not: for one message that may come in any number of parts. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { SmtpSink } from './smtp-sink.ts';

const END = Buffer.from('\r\n.\r\n');

export async function recipientSink(): Promise<SmtpSink> {
  let count = 0;
  let listener = () => {};
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket, recipients => {
      count += recipients;
      listener();
    });
  });
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    onChange(given) {
      listener = given;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One session. What has come and is not understood yet waits in `rest`. */
function serve(socket: Socket, taken: (recipients: number) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  let state: 'commands' | 'content' | 'over' = 'commands';
  let recipients = 0;
  const command = (line: string): string => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') return '250-next.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n';
    if (verb === 'MAIL' || verb === 'RSET') recipients = 0;
    if (verb === 'RCPT') recipients += 1;
    if (verb === 'DATA') state = 'content';
    if (verb === 'QUIT') state = 'over';
    return verb === 'DATA' ? '354 go on\r\n' : verb === 'QUIT' ? '221 bye\r\n' : '250 2.0.0 ok\r\n';
  };
  socket.write('220 next.test ESMTP\r\n');
  socket.on('data', octets => {
    rest = Buffer.concat([rest, octets]);
    let replies = '';
    while (state !== 'over') {
      const end = state === 'commands' ? rest.indexOf('\r\n') : rest.indexOf(END);
      if (end === -1) break;
      if (state === 'commands') {
        const line = rest.toString('latin1', 0, end);
        rest = rest.subarray(end + 2);
        replies += command(line);
      } else {
        rest = rest.subarray(end + END.length);
        state = 'commands';
        replies += '250 2.0.0 ok\r\n';
        taken(recipients);
      }
    }
    if (replies !== '' && socket.writable) socket.write(replies);
    if (state === 'over') socket.end();
  });
}
