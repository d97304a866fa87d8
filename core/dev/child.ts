/**
 * The process of the gateway. A process of its own, because a module that has been loaded stays as it was: what was edited is
 * read by the next process. Ends when its parent does.
 */
import { describeError } from '../mail/failure.ts';
import { DevGateway } from './dev-gateway.ts';
import type { Command, DevSettings, Report } from './reports.ts';

const tell = (report: Report): void => {
  if (process.connected) process.send?.(report);
};

/** Ctrl-C reaches all processes of a terminal: the parent says when it is time. */
process.on('SIGINT', () => undefined);

const settings = JSON.parse(process.argv[2] ?? '') as DevSettings;
const prepared = await DevGateway.prepare(settings, tell).catch((error: unknown) => {
  tell({ kind: 'broken', message: stackOf(error) });
  return null;
});
if (prepared === null || prepared.kind === 'refused') {
  if (prepared !== null) tell({ kind: 'refused configuration', complaints: prepared.complaints });
  process.exitCode = 1;
  process.disconnect();
} else {
  const { gateway, plan } = prepared;
  process.on('message', (command: Command) => void obey(gateway, command));
  process.on('disconnect', () => void obey(gateway, { kind: 'close' }));
  tell({ kind: 'compiled', plan });
}

async function obey(gateway: DevGateway, command: Command): Promise<void> {
  try {
    switch (command.kind) {
      case 'start':
        return await gateway.start(command.ports);
      case 'fail':
        return gateway.fail(command.fault);
      case 'order':
        return await gateway.order(command.id, command.order);
      case 'close':
        await gateway.close();
        process.exit(0);
    }
  } catch (error) {
    tell({ kind: 'broken', message: command.kind === 'start' ? describeError(error) : stackOf(error) });
    if (command.kind !== 'order') process.exit(1);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
