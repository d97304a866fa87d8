/**
 * What acceptance costs: 4 KB messages into the gateway with its shipped plugins and its durable queue, against
 * smtp-server alone with a handler that forgets what it reads. One process each, clients in this one, loopback.
 */
import { compare, shown } from './compare.ts';
import { NORMAL_CLIENTS, send } from './load.ts';
import { gatewayProcess, sinkProcess } from './server-process.ts';

export async function acceptBench(times = 2000): Promise<void> {
  const gateway = await gatewayProcess();
  const sink = await sinkProcess();
  const load = (port: number) => async (messages: number) => {
    await send(port, messages);
  };
  try {
    const { one, other, ratio } = await compare({ one: load(gateway.port), other: load(sink.port) }, { times });
    console.log(
      `accept: ${shown(one)} messages/s of 4 KB over ${NORMAL_CLIENTS} kept sessions, each on disk before its 250 and delivered to ` +
        `mbox behind it; smtp-server alone, forgetting them, ${shown(other)}/s (${shown(ratio)} of it)`,
    );
  } finally {
    await gateway.stop();
    await sink.stop();
  }
}
