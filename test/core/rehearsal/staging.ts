/** Stages for tests: a configuration in a folder of its own, with plugins of the test. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentOf, type Plugin } from 'mailframe';
import { fakeResolver } from 'mailframe/testing';
import { onTestFinished } from 'vitest';
import type { Incoming } from '../../../core/rehearsal/incoming.ts';
import { openStage } from '../../../core/rehearsal/open-stage.ts';
import type { Rehearsal } from '../../../core/rehearsal/rehearsal.ts';
import type { Stage } from '../../../core/rehearsal/stage.ts';
import { selfSigned } from '../../support/certificate.ts';
import { tempFolder } from '../../support/temp-folder.ts';

export interface Staged {
  readonly folder: string;
  readonly stage: Stage;
  /** Rehearses a message from eve to ann, unless it is said otherwise. */
  readonly rehearse: (about?: Partial<Incoming>) => Promise<Rehearsal>;
}

const MESSAGE = 'From: eve@client.test\r\nSubject: hello\r\n\r\nbody\r\n';

/** `entries`: of `plugins:`, above relay-policy and mailboxes in mbox files. `listener`: its options. */
export async function staged(
  entries: readonly string[] = [],
  { plugins = [], listener = '' }: { readonly plugins?: readonly Plugin[]; readonly listener?: string } = {},
): Promise<Staged> {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  const text = [
    'hostname: mx.example.test',
    `listeners: [{ id: inbound, port: 0${listener === '' ? '' : `, ${listener}`} }]`,
    'queue: { directory: ./queue }',
    'plugins:',
    ...entries.map(one => `  - ${one}`),
    '  - { use: relay-policy, options: { localDomains: [example.test], authenticated: relay } }',
    '  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail, quota: 1 MiB } }',
    'routes: [{ deliver: mailboxes }]',
    '',
  ].join('\n');
  await writeFile(file, text);
  const { cert, key } = selfSigned('mx.example.test');
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(join(folder, 'users'), '# nobody\n');
  const stage = await openStage({ file, env: {}, plugins, resolver: fakeResolver() });
  onTestFinished(() => stage.close());
  const rehearse = (about: Partial<Incoming> = {}) =>
    stage.rehearse({
      listener: null,
      address: '192.0.2.1',
      greeting: 'client.test',
      tls: 'as needed',
      certificate: null,
      user: null,
      from: 'eve@client.test',
      to: ['ann@example.test'],
      content: contentOf(MESSAGE),
      ...about,
    });
  return { folder, stage, rehearse };
}

/** The last reply of a rehearsal. */
export function lastReply({ exchanges }: Rehearsal): string {
  return exchanges.at(-1)?.replies.at(-1)?.text ?? '';
}
