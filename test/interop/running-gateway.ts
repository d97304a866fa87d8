/**
 * A whole gateway for one test: a configuration written to a temporary folder, the engine started on it, all of it gone
 * when the test is over. DNS comes from a server of the test, so that nothing ever leaves the machine.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createEngine, type Engine } from '../../core/engine.ts';
import type { Plugin } from '../../core/plugin/plugin.ts';
import { LOG } from '../../core/plugin/ports.ts';
import { QUEUE_STORE, type QueueStore } from '../../core/plugin/queue-store.ts';
import { type RecordingLog, recordingLog } from '../../core/testing/recording-log.ts';
import { type ReadMail, readMbox } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { type DnsServer, type DnsZones, dnsServer } from '../support/dns-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/** What differs from the gateway that takes mail for example.test and lets programs on this machine send anywhere. */
export interface GatewaySettings {
  readonly listeners?: readonly Readonly<Record<string, unknown>>[];
  /** Asked before the others. */
  readonly plugins?: readonly Readonly<Record<string, unknown>>[];
  /** Of relay-policy, beside the local domain. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Of smtp-relay. */
  readonly relay?: Readonly<Record<string, unknown>>;
  /** Asked before those that deliver to mailboxes and to exchangers. */
  readonly routes?: readonly Readonly<Record<string, unknown>>[];
  /** Plugins that the test itself brings, for `plugins` to name. */
  readonly brought?: readonly Plugin[];
  /** Of the section `queue`, beside the folder. */
  readonly queue?: Readonly<Record<string, unknown>>;
  /** In place of the queue on disk. */
  readonly store?: QueueStore;
  /** Of mx-routing. */
  readonly routing?: Readonly<Record<string, unknown>>;
  /** In place of the DNS server that has `zones`. */
  readonly resolver?: Readonly<Record<string, unknown>>;
  /** On this port every other host listens. */
  readonly nextHopPort?: number;
  readonly zones?: DnsZones;
  /** Written beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A folder with a configuration that nothing runs on yet. */
export interface GatewayFolder {
  readonly folder: string;
  readonly file: string;
  /** What it asks. */
  readonly dns: DnsServer;
  readonly brought: readonly Plugin[];
  readonly store: QueueStore | null;
}

/** A gateway that listens. */
export interface RunningGateway extends GatewayFolder {
  readonly engine: Engine;
  readonly log: RecordingLog;
  /** Of the first listener. */
  readonly port: number;
  readonly portOf: (listener: string) => number;
  /** The mails of a mailbox that exists. */
  readonly mailbox: (name: string) => Promise<readonly ReadMail[]>;
  /** Waits until the log says `delivered`, `deferred` or `bounced` so many times, and gives the recipients of these lines. */
  readonly outcomes: (event: 'delivered' | 'deferred' | 'bounced', count: number) => Promise<readonly unknown[]>;
  /** Waits until a mailbox holds so many mails, and gives them. */
  readonly mails: (name: string, count: number) => Promise<readonly ReadMail[]>;
}

/** The files of the mailboxes lie here, below the folder. */
export const MAIL_FOLDER = 'mail';

/** Writes a configuration. Call it inside a test. */
export async function gatewayFolder(settings: GatewaySettings = {}): Promise<GatewayFolder> {
  const { listeners = [{ id: 'inbound' }], plugins = [], policy = {}, nextHopPort = 25, zones = {} } = settings;
  const { relay = {}, routes = [], brought = [], store = null, queue = {} } = settings;
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  for (const [name, content] of Object.entries(settings.files ?? {})) await writeFile(join(folder, name), content);
  const dns = await dnsServer(zones);
  onTestFinished(dns.close);
  const configuration = {
    hostname: 'mx.example.test',
    listeners: listeners.map(listener => ({ port: 0, ...listener })),
    queue: {
      directory: './queue',
      retry: { first: '1 s', factor: 1, longest: '1 s', giveUpAfter: '1 h' },
      destinations: [{ backOff: { first: '1 s', longest: '1 s' } }],
      ...queue,
    },
    resolver: settings.resolver ?? { servers: [dns.address] },
    log: { format: 'json' },
    plugins: [
      ...plugins,
      { use: 'relay-policy', options: { localDomains: ['example.test'], relayFor: ['127.0.0.0/8'], ...policy } },
      { use: 'mx-routing', options: { port: nextHopPort, privateAddresses: 'allow', ...settings.routing } },
      { use: 'mbox-delivery', as: 'mailboxes', options: { directory: `./${MAIL_FOLDER}` } },
      { use: 'smtp-relay', as: 'internet', options: relay },
    ],
    routes: [...routes, { when: { recipient: '@example.test' }, deliver: 'mailboxes' }, { deliver: 'internet' }],
  };
  // Every JSON text is YAML.
  await writeFile(file, JSON.stringify(configuration, null, 2));
  return { folder, file, dns, brought, store };
}

/** Starts a gateway in a new folder. Call it inside a test. */
export async function runningGateway(settings: GatewaySettings = {}): Promise<RunningGateway> {
  return startedIn(await gatewayFolder(settings));
}

/** Starts a gateway in a folder that is there. Call it inside a test. */
export async function startedIn(made: GatewayFolder): Promise<RunningGateway> {
  const { folder, file, brought, store } = made;
  const log = recordingLog();
  const engine = await createEngine({
    file,
    plugins: brought,
    provide(scope) {
      scope.value(LOG, log);
      if (store !== null) scope.value(QUEUE_STORE, store);
    },
  });
  onTestFinished(() => engine.close());
  await engine.start();
  const mailbox = async (name: string) => readMbox(await readFile(join(folder, MAIL_FOLDER, name)));
  return {
    ...made,
    engine,
    log,
    port: engine.listeners[0]?.port ?? 0,
    portOf: id => engine.listeners.find(listener => listener.id === id)?.port ?? 0,
    mailbox,
    outcomes: (event, count) =>
      until(() => {
        const lines = log.of(event);
        if (lines.length < count) throw new Error(`${lines.length} times ${event}, not ${count}\n${log.text()}`);
        return lines.map(({ fields }) => fields.recipient);
      }),
    mails: (name, count) =>
      until(async () => {
        const mails = await mailbox(name);
        if (mails.length < count) throw new Error(`${name} holds ${mails.length} mails, not ${count}\n${log.text()}`);
        return mails;
      }),
  };
}

/** What stands below the one trace field that the gateway puts on top (RFC 5321 section 4.4). */
export function belowReceived(content: string): string {
  const field = /^Received: from [^\n]*\n(?:\t[^\n]*\n)+/.exec(content)?.[0] ?? '';
  if (!field.includes('\tby mx.example.test with ')) throw new Error('no trace field of ours stands on top');
  return content.slice(field.length);
}
