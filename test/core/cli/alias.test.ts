/** `mailframe alias test`: what an address stands for, as a tree for people and as JSON for programs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unfolded } from '../../../core/cli/alias.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const CONFIGURATION = `\
hostname: mx.example.test
listeners:
  - { id: inbound, port: 2525 }
plugins:
  - use: alias-expansion
    as: aliases
    options:
      file: ./aliases
      domains: [example.test]
      tables: [{ map: { webmaster: [ann, \\root] } }]
      commands: { transport: mailboxes }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./var/mail } }
routes:
  - { deliver: mailboxes }
`;

const ALIASES = `\
# of example.test
staff: team, webmaster, :include:./list, |archive,
  bob
owner-staff: ann
team: ann, bob@elsewhere.test
gone: :fail: Gone for good
hole: /dev/null
many: team, team
`;

async function gateway() {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  await writeFile(file, CONFIGURATION);
  await writeFile(join(folder, 'aliases'), ALIASES);
  await writeFile(join(folder, 'list'), '# members\ncarl@elsewhere.test\nann\n');
  return file;
}

describe('the tree', () => {
  test('has every step with the place where it is written, and what becomes of it', async () => {
    const { text, code } = await unfolded('<Staff@example.test>', await gateway(), false);
    expect(code).toBe(0);
    expect(text.split('\n')).toEqual([
      'aliases:',
      'Staff@example.test  staff (aliases:2)  failures go to owner-staff@example.test',
      '├─ team@example.test  team (aliases:5)',
      '│  ├─ ann@example.test  a recipient',
      '│  └─ bob@elsewhere.test  a recipient',
      '├─ webmaster@example.test  webmaster (map:webmaster)',
      '│  ├─ ann@example.test  a recipient already',
      '│  └─ root@example.test  a recipient',
      '├─ :include:./list',
      '│  ├─ carl@elsewhere.test  ./list:2  a recipient',
      '│  └─ ann@example.test  ./list:3  a recipient already',
      '├─ |archive  delivered by mailboxes',
      '└─ bob@example.test  a recipient',
      '',
    ]);
  });

  test.each([
    {
      address: 'gone@example.test',
      want: [
        'gone@example.test  gone (aliases:6)  550 5.1.1 Gone for good (gone (aliases:6))',
        '└─ :fail: Gone for good',
      ],
    },
    { address: 'hole@example.test', want: ['hole@example.test  hole (aliases:7)', '└─ :blackhole:'] },
    {
      address: 'many@example.test',
      want: [
        expect.anything(),
        expect.anything(),
        expect.anything(),
        expect.anything(),
        '└─ team@example.test  team (aliases:5)  followed above',
      ],
    },
  ])('of $address', async ({ address, want }) => {
    const { text } = await unfolded(address, await gateway(), false);
    expect(text.trimEnd().split('\n').slice(1)).toEqual(want);
  });

  test('of an address that stands for itself is none, and the exit code says so', async () => {
    expect(await unfolded('ann@example.test', await gateway(), false)).toEqual({
      text: 'ann@example.test stands for itself: no plugin has an alias for it\n',
      code: 2,
    });
  });

  test('of what is no address is a complaint', async () => {
    expect(await unfolded('\u001b[2J', await gateway(), false)).toEqual({
      text: '\\u001b[2J is no address, such as staff@example.test\n',
      code: 1,
    });
  });
});

test('JSON has the same', async () => {
  const { text } = await unfolded('team@example.test', await gateway(), true);
  expect(JSON.parse(text)).toEqual({
    address: 'team@example.test',
    told: [
      {
        plugin: 'aliases',
        unfolding: {
          what: 'team@example.test',
          by: 'team (aliases:5)',
          outcome: null,
          leadsTo: [
            { what: 'ann@example.test', by: null, outcome: 'a recipient', leadsTo: [] },
            { what: 'bob@elsewhere.test', by: null, outcome: 'a recipient', leadsTo: [] },
          ],
        },
      },
    ],
  });
});
