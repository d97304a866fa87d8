/** A Dovecot of its own, which takes mail by LMTP into Maildirs. Its files lie in a folder that goes with the test. */
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { launch } from './external.ts';
import { freePort, untilListening } from './program.ts';
import { tempFolder } from './temp-folder.ts';

/** Of dovecot-lmtpd, on Debian. Dovecot itself does without. */
export const DOVECOT_LMTP = '/usr/lib/dovecot/lmtp';

export interface TestDovecot {
  /** The Unix socket. */
  readonly socket: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** The new mails of a user, in no certain order, with LF line ends, one character an octet. */
  mails(user: string): Promise<readonly string[]>;
}

/** A mailbox holds so much, in octets; `null`: anything. */
export type DovecotUsers = Readonly<Record<string, number | null>>;

const NOBODY = 65_534;

/** Starts one. Call it inside a test. */
export async function dovecot(users: DovecotUsers): Promise<TestDovecot> {
  const folder = await tempFolder();
  const asRoot = process.getuid?.() === 0;
  const { uid, gid, username } = asRoot ? { uid: NOBODY, gid: NOBODY, username: 'nobody' } : userInfo();
  const mail = join(folder, 'mail');
  for (const path of [mail, join(folder, 'run')]) await mkdir(path);
  // The processes that write mail are somebody else than the tests, where these run as root.
  await chmod(folder, 0o755);
  if (asRoot) await chown(mail, uid, gid);
  const lines = Object.entries(users).map(([user, quota]) => {
    const rule = quota === null ? '' : `userdb_quota_rule=*:bytes=${quota}`;
    return `${user}::${uid}:${gid}::${join(mail, user)}::${rule}\n`;
  });
  await writeFile(join(folder, 'users'), lines.join(''), { mode: 0o644 });
  const port = await freePort();
  const file = join(folder, 'dovecot.conf');
  await writeFile(file, configuration(folder, port, username), { mode: 0o644 });
  launch('dovecot', ['-F', '-c', file]);
  await untilListening(port);
  return {
    socket: join(folder, 'lmtp'),
    port,
    mails: async user => {
      const inbox = join(mail, user, 'new');
      const names = await readdir(inbox).catch(() => []);
      return Promise.all(names.map(name => readFile(join(inbox, name), 'latin1')));
    },
  };
}

function configuration(folder: string, port: number, user: string): string {
  const database = `driver = passwd-file\n args = username_format=%n ${folder}/users`;
  return `
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = /dev/stderr
protocols = lmtp
listen = 127.0.0.1
ssl = no
default_internal_user = ${user}
default_login_user = ${user}
default_internal_group = ${user === 'nobody' ? 'nogroup' : user}
first_valid_uid = 1
mail_location = maildir:~
mail_plugins = quota
namespace inbox {
 inbox = yes
}
plugin {
 quota = count:User quota
 quota_vsizes = yes
}
mailbox_list_index = yes
auth_username_format = %n
passdb {
 ${database}
}
userdb {
 ${database}
}
service lmtp {
 unix_listener ${folder}/lmtp {
  mode = 0666
 }
 inet_listener lmtp {
  address = 127.0.0.1
  port = ${port}
 }
}
${user === 'nobody' ? '' : ['anvil', 'stats'].map(name => `service ${name} {\n chroot =\n}\n`).join('')}`;
}
