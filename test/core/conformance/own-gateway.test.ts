/** The suite against gateways of ours: the complete one passes, and what it sees of their inside can make every case fail. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provide, runConformance } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OwnGateway } from '../../../core/conformance/own-gateway.ts';
import { SENDER } from '../../../core/conformance/probe.ts';
import { CASES, runSuite } from '../../../core/conformance/suite.ts';
import { conformanceGateway } from '../../../core/sealed/conformance-gateway.ts';
import type { Attempted } from '../../../core/testing/kept-deliveries.ts';
import tickets, { TICKETS } from '../../../examples/embedded/tickets.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const FILE = fileURLToPath(new URL('../../../mailframe.config.yaml', import.meta.url));

async function target({ patience = 20_000, file = FILE } = {}) {
  const gateway = await conformanceGateway(file, { patience });
  onTestFinished(() => gateway.close());
  const [first] = gateway.targets;
  if (first === undefined || first.own === null) throw new Error('there is no listener');
  return { ...first, own: first.own };
}

const isTold = ({ from, to }: Attempted) => from === '<>' && to.includes(SENDER);
const text = ({ content }: Attempted) => content.toString('latin1');
const withText = (one: Attempted, change: (content: string) => string): Attempted => ({
  ...one,
  content: Buffer.from(change(text(one)), 'latin1'),
});
const all = (change: (content: string) => string) => (attempts: readonly Attempted[]) =>
  attempts.map(one => withText(one, change));
/** A notification that nobody should have sent, beside each attempt that is meant. */
const told = (about: (one: Attempted) => boolean) => (attempts: readonly Attempted[]) =>
  attempts.flatMap(one => (about(one) ? [one, { ...one, from: '<>', to: [SENDER] }] : [one]));
const bounced = ({ outcomes }: Attempted) => Object.values(outcomes).some(({ kind }) => kind === 'bounced');

/** By the case that must see it, how the deliveries of a worse gateway would look. */
const WORSE_DELIVERIES: Readonly<Record<string, (attempts: readonly Attempted[]) => readonly Attempted[]>> = {
  transparency: all(content => content.replace('\r\n.dot', '\r\n..dot')),
  '8bitmime': all(content => content.replaceAll(/[\x80-\xff]/g, '?')),
  'smuggling-in-what-is-passed-on': all(content => `${content}\n`),
  'failure-is-told': attempts => attempts.flatMap(one => (isTold(one) ? [one, one] : [one])),
  'form-of-notification': all(content => content.replace('message/delivery-status', 'text/plain')),
  'null-is-never-answered': told(one => one.from === '<>' && bounced(one)),
  'notify-never': told(bounced),
  'notify-success': attempts => attempts.filter(one => !isTold(one)),
  'envelope-id': all(content => content.replace(/^Original-Envelope-Id:.*\r\n/im, '')),
  'returned-header': all(content => `${content}the text of the mail`),
  trace: all(content => content.replace(/^Received:/i, 'X-Received:')),
};

/** The same for what it says of itself. */
const WORSE_INSIDES: Readonly<Record<string, (own: OwnGateway) => Partial<OwnGateway>>> = {
  'queue-id': () => ({ knows: () => Promise.resolve(false) }),
  'lost-client': own => ({ settled: async () => void (own.attempts as unknown[]).push({}) }),
  'size-real': () => ({ maxSize: 100 }),
  loop: ({ limits }) => ({ limits: { ...limits, hops: 1 } }),
  'too-many-recipients': ({ limits }) => ({ limits: { ...limits, recipients: 5 } }),
  'bad-commands': ({ limits }) => ({ limits: { ...limits, unknownCommands: 1 } }),
  connections: ({ limits }) => ({ limits: { ...limits, perClient: { ...limits.perClient, connections: 2 } } }),
  idle: ({ limits }) => ({ limits: { ...limits, idle: 5000 } }),
};

describe('the suite on a gateway of ours', () => {
  test('passes the complete one', async () => {
    const results = await runSuite(await target());
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    const skipped = results.filter(({ outcome }) => outcome === 'not-applicable').map(({ name }) => name);
    expect(skipped).toEqual(['starttls', 'auth-in-transaction', 'smuggling-starttls-injection']);
  });

  test('sees it where deliveries or limits are not as they must be', async () => {
    const good = await target({ patience: 300 });
    const found: string[] = [];
    const failed = async (name: string, own: OwnGateway) => {
      const [result] = await runSuite({ ...good, own }, { only: [name] });
      if (result?.outcome === 'failed') found.push(name);
    };
    for (const [name, change] of Object.entries(WORSE_DELIVERIES)) {
      await failed(name, {
        ...good.own,
        get attempts() {
          return change(good.own.attempts);
        },
      });
    }
    for (const [name, change] of Object.entries(WORSE_INSIDES))
      await failed(name, { ...good.own, ...change(good.own) });
    expect(found).toEqual([...Object.keys(WORSE_DELIVERIES), ...Object.keys(WORSE_INSIDES)]);
  });

  test('finds an open relay, in every disguise that the relay falls for', async () => {
    const file = join(await tempFolder(), 'mailframe.config.yaml');
    const configuration = {
      hostname: 'mx.example.test',
      listeners: [{ id: 'inbound', port: 0 }],
      queue: { directory: './queue' },
      plugins: [
        { use: 'relay-policy', options: { localDomains: ['example.test'], relayFor: ['128.0.0.0/1'] } },
        { use: 'mbox-delivery', options: { directory: './mail' } },
      ],
      routes: [{ deliver: 'mbox-delivery' }],
    };
    await writeFile(file, JSON.stringify(configuration));
    const results = await runSuite(await target({ file }), { only: ['relay'] });
    const open = results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
    expect(open).toEqual(expect.arrayContaining(['relay-plain', 'relay-as-local-sender', 'relay-null-sender']));
  });

  test('runs as a function, with plugins and services of the program', async () => {
    const file = fileURLToPath(new URL('../../../examples/embedded/mailframe.config.yaml', import.meta.url));
    const desk = { open: () => Promise.reject(new Error('no ticket is opened over a test')) };
    const results = await runConformance({
      file,
      plugins: [tickets],
      provide: [provide(TICKETS, desk)],
      only: ['durability', 'noop'],
    });
    expect(results.map(({ listener, name, outcome }) => `${listener} ${name} ${outcome}`)).toEqual(
      ['noop', 'queue-id', 'lost-client', 'trace'].map(name => `inbound ${name} passed`),
    );
  });

  test('looks at listeners that speak SMTP, by their names', async () => {
    await expect(conformanceGateway(FILE, { listeners: ['outbound'] })).rejects.toThrow(
      'no listener is called outbound; there are inbound',
    );
    expect(CASES.length).toBeGreaterThan(80);
  });
});
