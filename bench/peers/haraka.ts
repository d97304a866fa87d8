/**
 * Haraka with the plugins that come nearest to those of the shipped configuration: aliases, who may send to whom, and its
 * outbound queue, which is on the disk before its 250. All mail goes to the next hop, as a plugin of three lines says.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, untilListening } from '../../test/support/program.ts';
import { guarded } from './guarded.ts';
import { LOCAL_DOMAIN } from './load.ts';
import type { Assignment, MailSystem, RunningSystem } from './system.ts';

const PLUGINS = ['aliases', 'relay', 'rcpt_to.in_host_list', 'next_hop'];

/** `installed`: the folder that npm has put it in. `manner`: one process, or one a core. */
export async function haraka(installed: string, manner: 'alone' | 'cluster'): Promise<MailSystem> {
  const home = join(installed, 'node_modules/Haraka');
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { readonly version: string };
  return {
    name: manner === 'alone' ? 'haraka' : 'haraka-cluster',
    version: `Haraka ${version}${manner === 'alone' ? '' : ', nodes=cpus'}`,
    differences:
      `plugins ${PLUGINS.slice(0, -1).join(', ')} and one that names the next hop, log level warn` +
      `${manner === 'alone' ? '' : ', nodes=cpus'}; "accept": outbound delivery is disabled`,
    goals: ['next-hop', 'queue'],
    start: assignment => start(home, manner, assignment),
  };
}

async function start(home: string, manner: 'alone' | 'cluster', assignment: Assignment): Promise<RunningSystem> {
  const { folder, goal, nextHop } = assignment;
  const port = await freePort();
  for (const name of ['plugins', 'queue']) await mkdir(join(folder, name), { recursive: true });
  await cp(join(home, 'config'), join(folder, 'config'), { recursive: true });
  const files = {
    'config/me': 'mx.example.test\n',
    'config/plugins': `${PLUGINS.join('\n')}\n`,
    'config/host_list': `${LOCAL_DOMAIN}\n`,
    'config/aliases': '{ "postmaster": { "action": "alias", "to": "root" } }\n',
    'config/relay.ini': '[relay]\nacl=true\n',
    'config/relay_acl_allow': '127.0.0.0/8\n',
    'config/smtp.ini': `listen=127.0.0.1:${port}\n${manner === 'cluster' ? 'nodes=cpus\n' : ''}`,
    'config/log.ini': '[main]\nlevel=warn\n',
    'config/outbound.ini': `local_mx_ok=true\n${goal === 'queue' ? 'disabled=true\n' : ''}`,
    'plugins/next_hop.js': `exports.hook_get_mx = (next, hmail, domain) => next(OK, { priority: 0, exchange: '127.0.0.1', port: ${nextHop} });\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const running = await guarded({
    command: [process.execPath, join(home, 'bin/haraka'), '-c', folder],
    output: join(folder, 'log'),
    cwd: folder,
  });
  try {
    await Promise.race([untilListening(port), running.ended]);
  } catch (error) {
    const said = await running.log();
    await running.stop();
    throw new Error(`Haraka does not start: ${said}`, { cause: error });
  }
  return { port, pid: running.pid, mailboxes: join(folder, 'mail'), log: running.log, stop: running.stop };
}
