/** The plan: who is asked at which hook, through whose middleware, where mail goes, and what never runs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile } from '../../core/compile.ts';
import { bootError } from '../../core/config/complaint.ts';
import { accept, definePlugin, deliveredTo, LOG, reportAll } from '../../core/index.ts';
import { planOf } from '../../core/plan.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { Scope } from '../../core/wiring/scope.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PLUGINS = [
  definePlugin({ name: 'policy', create: () => ({ connect: () => undefined, rcpt: () => accept }) }),
  definePlugin({ name: 'signer', create: () => ({ around: (_, next) => next() }) }),
  definePlugin({ name: 'marker', create: () => ({ around: (_, next) => next(), surrounds: ['deliver'] }) }),
  definePlugin({ name: 'scanner', create: () => ({ data: () => undefined, observe: { held: () => {} } }) }),
  definePlugin({
    name: 'boxes',
    delivers: 'here',
    create: () => ({ deliver: ({ recipients }) => reportAll(recipients, deliveredTo('')) }),
  }),
  definePlugin({
    name: 'relay',
    delivers: 'to-hosts',
    create: () => ({ deliver: ({ recipients }) => reportAll(recipients, deliveredTo('')) }),
  }),
];

const TEXT = `\
hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
plugins:
  - { use: policy, when: { recipient: "@example.test" } }
  - { use: signer, when: { tls: true } }
  - { use: signer, as: observed, mode: shadow }
  - { use: marker }
  - { use: scanner, mode: shadow, onError: ignore, deadline: 2 s }
  - { use: boxes }
  - { use: relay, as: spare }
routes:
  - { when: { recipient: "@example.test" }, deliver: boxes }
  - { deliver: boxes }
`;

test('the plan of a configuration', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'c.yaml'), TEXT);
  const scope = () => Scope.root().value(LOG, recordingLog());
  const compiled = await compile(join(folder, 'c.yaml'), { env: {}, now: new Date(), plugins: PLUGINS, scope });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const call = { when: null, mode: 'enforce', onError: 'defer', deadline: 30_000, around: [] };
  const around = ['signer (where with TLS)'];
  expect(planOf(compiled)).toEqual({
    hooks: [
      { hook: 'rcpt', walk: 'refusal', plugins: [{ ...call, plugin: 'policy', when: 'recipient is @example.test' }] },
      {
        hook: 'data',
        walk: 'fold',
        plugins: [{ ...call, plugin: 'scanner', mode: 'shadow', onError: 'ignore', deadline: 2000, around }],
      },
      {
        hook: 'deliver',
        walk: 'addressed',
        plugins: [{ ...call, plugin: 'boxes', deadline: 600_000, around: [...around, 'marker'] }],
      },
    ],
    routes: [
      { when: 'recipient is @example.test', transport: 'boxes', hosts: null, exchangersOf: null, tls: null, map: null },
      { when: null, transport: 'boxes', hosts: null, exchangersOf: null, tls: null, map: null },
    ],
    observers: ['scanner'],
    silent: [
      {
        plugin: 'policy',
        hook: 'connect',
        why: 'its when can never hold at connect: the recipient is not known there',
      },
      { plugin: 'observed', hook: null, why: 'its middleware is left out in shadow mode' },
      { plugin: 'spare', hook: 'deliver', why: 'no route names it' },
    ],
  });
});
