/** A program that takes mail: it starts a gateway in its own process and gives it a transport and a service. */
import { fileURLToPath } from 'node:url';
import { createEngine } from 'mailframe';
import tickets, { TICKETS, type Ticket } from './tickets.ts';

const opened: Ticket[] = [];

const engine = await createEngine({
  file: fileURLToPath(new URL('./mailframe.config.yaml', import.meta.url)),
  plugins: [tickets],
  provide: scope => scope.value(TICKETS, { open: async ticket => opened.push(ticket) }),
});

await engine.start();
for (const { id, address, port } of engine.listeners) console.log(`${id} listens on ${address}:${port}`);

process.once('SIGINT', () => {
  void engine.close().then(() => console.log(`${opened.length} tickets were opened`));
});
