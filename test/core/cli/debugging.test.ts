/** What docs/debugging.md promises: a debugger stops in a plugin's own TypeScript, and nothing is lost by standing still. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../../core/testing/smtp-client.ts';
import { Debugger } from '../../support/inspector.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

const CONFIGURATION = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
queue: { directory: ./queue }
deadline: 1 ms
plugins:
  - { use: ./filters/mine.ts }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;
/** The breakpoint is set at its seventh line, where types have been left away before and on it. */
const PLUGIN = `import { accept, definePlugin, type Recipient } from 'mailframe';

interface Seen { readonly name: string }
export default definePlugin({
  name: 'mine',
  create: () => ({ async rcpt({ recipient }: { recipient: Recipient }) {
    const seen: Seen = { name: recipient.forwardPath.localPart };
    await new Promise(resolve => setTimeout(resolve, 20));
    return accept;
  } }),
});
`;

test('a debugger stops at a line of a plugin in TypeScript, sees its values, and no deadline passes meanwhile', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'filters'));
  const plugin = join(folder, 'filters/mine.ts');
  await writeFile(plugin, PLUGIN);
  await writeFile(join(folder, 'mailframe.config.yaml'), CONFIGURATION);
  const gateway = spawn(process.execPath, ['--inspect=127.0.0.1:0', COMMAND, 'start'], { cwd: folder });
  onTestFinished(() => void gateway.kill('SIGKILL'));
  let said = '';
  for (const stream of [gateway.stdout, gateway.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  await until(() => expect(said).toContain('"event":"started"'));
  // It has not begun itself anew: a debugger would have lost it.
  expect(said.match(/Debugger listening/g)).toHaveLength(1);

  const debugger_ = await Debugger.attach(/ws:\/\/\S+/.exec(said)?.[0] ?? '');
  onTestFinished(() => debugger_.close());
  await debugger_.breakAt(pathToFileURL(plugin).href, 8);
  const client = await smtpClient(Number(/"port":(\d+)/.exec(said)?.[1]));
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<eve@client.test>');
  const reply = client.say('RCPT TO:<ann@example.test>');
  const paused = await debugger_.paused();
  expect(paused.callFrames[0]).toMatchObject({ functionName: 'rcpt', location: { lineNumber: 7 } });
  expect(await debugger_.evaluate(paused, 'seen.name')).toBe('ann');
  await debugger_.resume();
  expect(await reply).toMatchObject({ code: 250 });
  await client.say('RSET');
  debugger_.close();
  gateway.kill('SIGTERM');
  expect(await once(gateway, 'exit')).toEqual([0, null]);
});
