/**
 * Postfix as Debian configures it: its main.cf and master.cf, with no more changed than an instance of its own on this
 * machine needs. No service is in a chroot, which would want files of the system copied into it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PostfixPlace, type PostfixPrograms, startPostfix } from '../../test/support/postfix.ts';
import { run } from '../../test/support/program.ts';
import { type Goal, LOCAL_DOMAIN, USERS } from './load.ts';
import type { Assignment, MailSystem, RunningSystem } from './system.ts';

/** Where the package lies. */
export interface PostfixPackage {
  /** `/`, or the folder that it was unpacked in. */
  readonly root: string;
  /** What its programs must be told where it was unpacked. */
  readonly unpacked: (PostfixPrograms & { readonly group: string }) | null;
}

export async function postfix(from: PostfixPackage): Promise<MailSystem> {
  const shipped = async (name: string) => readFile(join(from.root, 'usr/share/postfix', name), 'utf8');
  const main = await shipped('main.cf.debian');
  const master = await shipped('master.cf.dist');
  return {
    name: 'postfix',
    version: await versionOf(from),
    differences:
      'main.cf.debian and master.cf.dist of the package, with folders, name, port and addresses of its own, relayhost set to ' +
      'the next hop, and no chroot; "accept": every client is put on HOLD; "mbox": virtual(8) with a table of the mailboxes',
    goals: ['next-hop', 'queue', 'mailboxes'],
    start: assignment => start(from, { main, master }, assignment),
  };
}

async function start(
  from: PostfixPackage,
  shipped: { readonly main: string; readonly master: string },
  { folder, goal, nextHop }: Assignment,
): Promise<RunningSystem> {
  const running = await startPostfix({
    hostname: 'mx.example.test',
    under: folder,
    ...(from.unpacked !== null && { programs: from.unpacked }),
    files: { mailboxes: USERS.map(name => `${name}@${LOCAL_DOMAIN} ${name}\n`).join('') },
    configuration: place => ({
      main: [
        shipped.main,
        ...ownSettings(place, nextHop),
        ...goalSettings(place)[goal],
        ...unpackedSettings(from),
        '',
      ].join('\n'),
      master: ownServices(shipped.master, place.port),
    }),
  });
  return {
    port: running.port,
    pid: running.pid,
    mailboxes: join(running.folder, 'mail'),
    log: running.log,
    stop: running.stop,
  };
}

function ownSettings({ folder }: PostfixPlace, nextHop: number): readonly string[] {
  return [
    `queue_directory = ${folder}/queue`,
    `data_directory = ${folder}/data`,
    `maillog_file = ${folder}/log`,
    `maillog_file_prefixes = ${folder}`,
    'myhostname = mx.example.test',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'mynetworks = 127.0.0.0/8',
    'mydestination =',
    'alias_maps =',
    'alias_database =',
    `relayhost = [127.0.0.1]:${nextHop}`,
  ];
}

function goalSettings({ folder, owner }: PostfixPlace): Readonly<Record<Goal, readonly string[]>> {
  return {
    'next-hop': [],
    queue: ['smtpd_client_restrictions = check_client_access static:HOLD'],
    mailboxes: [
      `virtual_mailbox_domains = ${LOCAL_DOMAIN}`,
      `virtual_mailbox_base = ${folder}/mail`,
      `virtual_mailbox_maps = texthash:${folder}/etc/mailboxes`,
      'virtual_mailbox_limit = 0',
      'virtual_minimum_uid = 1',
      `virtual_uid_maps = static:${owner.uid}`,
      `virtual_gid_maps = static:${owner.gid}`,
    ],
  };
}

function unpackedSettings({ root, unpacked }: PostfixPackage): readonly string[] {
  if (unpacked === null) return [];
  return [
    `command_directory = ${root}/usr/sbin`,
    `daemon_directory = ${root}/usr/lib/postfix/sbin`,
    `shlib_directory = ${root}/usr/lib/postfix`,
    `meta_directory = ${root}/etc/postfix`,
    `mail_owner = ${unpacked.account}`,
    `setgid_group = ${unpacked.group}`,
    'import_environment = LD_LIBRARY_PATH MAIL_CONFIG TZ LANG=C',
    'export_environment = LD_LIBRARY_PATH MAIL_CONFIG TZ LANG=C',
  ];
}

/** The fifth column says whether a service is in a chroot. */
function ownServices(master: string, port: number): string {
  return master
    .replace(/^smtp(\s+inet)/m, `127.0.0.1:${port}$1`)
    .replace(/^(\S+\s+(?:inet|unix|fifo|pass|unix-dgram)\s+\S+\s+\S+\s+)y/gm, '$1n');
}

async function versionOf({ unpacked }: PostfixPackage): Promise<string> {
  const postconf = unpacked === null ? 'postconf' : join(unpacked.folder, 'postconf');
  const { stdout } = await run(postconf, ['-d', '-h', 'mail_version'], { env: unpacked?.env ?? {} });
  return `Postfix ${stdout.trim()}`;
}
