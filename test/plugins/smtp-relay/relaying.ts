/** The relay in its harness, with sinks as next hops. Call everything here inside a test. */
import { onTestFinished } from 'vitest';
import type { Content } from '../../../core/index.ts';
import {
  byAddress,
  type HarnessSettings,
  harness,
  type SinkSettings,
  type SmtpSink,
  smtpSink,
} from '../../../core/testing.ts';
import smtpRelay from '../../../plugins/smtp-relay/index.ts';

/** A next hop that is closed with the test. */
export async function sinkFor(settings: SinkSettings = {}): Promise<SmtpSink> {
  const sink = await smtpSink(settings);
  onTestFinished(sink.close);
  return sink;
}

/** The relay, which is closed with the test. `hosts` names where addresses lead, as in `fakeNetwork`. */
export async function relaying(options: object, settings: HarnessSettings) {
  const plugin = await harness(smtpRelay, options, settings);
  const { clock, log, network, resolver, tlsReports, deliver, close } = plugin;
  onTestFinished(close);
  /** The outcomes by address. */
  const outcomes = async (...delivery: Parameters<typeof deliver>) => {
    const report = await deliver(...delivery);
    if (report === undefined) throw new Error('the relay was silent');
    return byAddress(report.outcomes);
  };
  return { clock, log, network, resolver, tlsReports, outcomes, close };
}

/** One next hop, `mx.test[192.0.2.1]:25`, and the relay to it. */
export async function relayingTo(settings: SinkSettings = {}, options: object = {}) {
  const sink = await sinkFor(settings);
  const relay = await relaying(options, { hosts: { '192.0.2.1:25': sink.port } });
  type Delivery = NonNullable<Parameters<typeof relay.outcomes>[0]>;
  return { ...relay, sink, outcomes: (delivery: Delivery = {}) => relay.outcomes({ hosts: [MX], ...delivery }) };
}

/**
 * Content that comes in pieces and counts those that were asked for. It begins with lines enough not to be read at once, as
 * small content is.
 */
export function inPieces(pieces: Iterable<Buffer>): Content & { readonly counted: () => number } {
  let counted = 0;
  const all = [LINES, ...pieces];
  return {
    size: all.reduce((sum, { length }) => sum + length, 0),
    bytes: () => Promise.reject(new Error('nobody should want it all at once')),
    async *stream() {
      for (const piece of all) {
        counted += 1;
        yield piece;
      }
    },
    counted: () => counted,
  };
}

/** So many octets, all of them lines, are read piece by piece. */
export const LINES = Buffer.from(`${'x'.repeat(62)}\r\n`.repeat(1024));

/** The host that `relayingTo` relays to. */
export const MX = { name: 'mx.test', port: 25, addresses: ['192.0.2.1'], preference: 0 };
export const REMOTE = 'mx.test[192.0.2.1]:25';
