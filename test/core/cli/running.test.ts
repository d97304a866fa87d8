/** The verbs that ask a gateway that runs, as a person uses them: reload, status, shadow. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMAND, gatewayProcess, sendOne } from '../../interop/gateway-process.ts';
import { run } from '../../support/external.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const configuration = (hostname: string, more = '') => `
hostname: ${hostname}
listeners: [{ id: inbound, port: 0 }]
queue: { directory: ./queue }
log: { format: json }
plugins:
  - { use: ./rule.ts, mode: shadow }
  - { use: relay-policy, options: { localDomains: [example.test]${more} } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;

/** A plugin that refuses everybody, in words that it has from its neighbour. */
const rule = `
import { definePlugin, reject } from 'mailframe';
import { words } from './words.ts';
export default definePlugin({ name: 'rule', create: () => ({ rcpt: () => reject(550, '5.7.1', words) }) });
`;

test('a gateway is asked to go over to its changed configuration, and what it does', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  const mailframe = (...args: readonly string[]) => run(process.execPath, [COMMAND, ...args], { cwd: folder });
  await writeFile(file, configuration('one.test'));
  await writeFile(join(folder, 'rule.ts'), rule);
  await writeFile(join(folder, 'words.ts'), "export const words = 'The old words';");
  const gateway = gatewayProcess(file);
  const port = await gateway.listening();
  const queued = await sendOne(port, ['bob@example.test']);

  await writeFile(file, configuration('two.test', ', relayFor: [192.0.2.1]'));
  await writeFile(join(folder, 'words.ts'), "export const words = 'The new words';");
  const reload = await mailframe('reload');
  expect(reload).toEqual({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining(
      `${file} is in use, as generation 2\n  hostname: one.test → two.test\n  tlsReports.organization: one.test → two.test`,
    ),
  });
  expect(reload.stdout).toContain('  plugin relay-policy: options.relayFor added\n');
  expect(reload.stdout).toContain('  plugin rule: its source has changed\n');
  // Another source is another plugin: it is counted anew.
  const again = await sendOne(port, ['bob@example.test']);
  expect((await mailframe('shadow', 'rule')).stdout).toMatch(
    new RegExp(
      `rcpt {2}would have refused 1 of 1, 1 of them .*\\n +1 {2}550 5\\.7\\.1 The new words\\n.*queue id ${idOf(again)}\\n`,
    ),
  );
  expect(idOf(queued)).not.toBe(idOf(again));

  await writeFile(file, configuration('not a name').replace('deliver:', 'delivr:'));
  const refused = await mailframe('reload', '--json');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    kind: 'refused',
    complaints: [
      { severity: 'error', line: 2, page: 'docs/errors.md#mf_config_option' },
      { severity: 'warning', line: 10 },
      { severity: 'error', line: 10 },
      { severity: 'error', line: 10, message: 'unknown key; did you mean "deliver"?' },
    ],
  });
  const status = await mailframe('status', '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({
    pid: gateway.pid,
    hostname: 'two.test',
    file,
    generation: 2,
    listeners: [{ id: 'inbound', port, sessions: 0 }],
    former: { generations: 0 },
  });

  await writeFile(file, configuration('three.test'));
  process.kill(gateway.pid, 'SIGHUP');
  await gateway.logged('reloaded', { generation: 3 });
  expect(await gateway.end('SIGTERM')).toBe(0);
  const nobody = await mailframe('reload');
  expect(nobody).toMatchObject({ code: 1, stdout: '' });
  expect(nobody.stderr).toContain(
    `no gateway runs with the queue in ${join(folder, 'queue')}: "mailframe start" starts one`,
  );
}, 120_000);

function idOf(reply: string): string {
  return /queued as (\S+)/.exec(reply)?.[1] ?? reply;
}
