/** The contract of transports: ours keep it, and one that does not is told so by name. */
import { definePlugin, deliveredTo, type PluginInstance, report, reportAll } from 'mailframe';
import { harness, smtpSink, transportContract } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import smtpRelay from '../../../plugins/smtp-relay/index.ts';

describe('smtp-relay', () => {
  const sinks: Awaited<ReturnType<typeof smtpSink>>[] = [];
  const setting = {
    async open() {
      const sink = await smtpSink();
      sinks.push(sink);
      onTestFinished(() => sink.close());
      return harness(smtpRelay, { tls: 'off' }, { hosts: { '192.0.2.1:25': sink.port } });
    },
    taken: () => sinks.at(-1)?.mails.map(({ content }) => content) ?? [],
    delivery: { hosts: ['[192.0.2.1]:25'] },
  };
  for (const { name, run } of transportContract(setting)) test(name, run);
});

describe('a transport that breaks the contract', () => {
  async function broken(
    deliver: (taken: Buffer[]) => NonNullable<PluginInstance['deliver']>,
  ): Promise<readonly string[]> {
    const taken: Buffer[] = [];
    const plugin = definePlugin({ name: 'broken', delivers: 'here', create: () => ({ deliver: deliver(taken) }) });
    const failed: string[] = [];
    for (const { name, run } of transportContract({ open: () => harness(plugin), taken: () => taken })) {
      await run().catch(() => failed.push(name));
    }
    return failed;
  }
  const DONE = deliveredTo('the shelf');

  test('by leaving recipients out is found', async () => {
    const failed = await broken(taken => async ({ mail, recipients: [first] }, { signal }) => {
      const octets = await mail.content.bytes();
      signal.throwIfAborted();
      taken.push(octets);
      return report(first === undefined ? [] : [[first, DONE]]);
    });
    expect(failed).toEqual(['reports an outcome for each recipient of the attempt, and for nobody else']);
  });

  test('by stuffing dots is found', async () => {
    const failed = await broken(taken => async ({ mail, recipients }, { signal }) => {
      const octets = await mail.content.bytes();
      signal.throwIfAborted();
      taken.push(Buffer.from(octets.toString('latin1').replaceAll('\r\n.', '\r\n..'), 'latin1'));
      return reportAll(recipients, DONE);
    });
    expect(failed).toEqual(['passes on lines that begin with dots, every octet']);
  });

  test('by delivering what nobody waits for is found', async () => {
    const failed = await broken(taken => async ({ mail, recipients }) => {
      taken.push(await mail.content.bytes());
      return reportAll(recipients, DONE);
    });
    expect(failed).toEqual(['delivers nothing that nobody waits for any more, and does not hang']);
  });

  test('by silence is found everywhere', async () => {
    expect((await broken(() => () => undefined)).length).toBeGreaterThan(8);
  });
});
