/** What makes a Postfix an instance of its own: nothing of the system's, nothing but loopback, nothing of a mail changed. */
import type { PostfixSettings } from './postfix.ts';

/** main.cf. Of two lines for one parameter the last wins, so the given ones stand below. */
export function mainCf(
  folder: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  { hostname, domains = [], main = '' }: PostfixSettings,
): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
myhostname = ${hostname}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtp_host_lookup = native
disable_dns_lookups = yes

# No account of this machine has mail here: all of it lies in one folder.
mydestination =
alias_maps =
alias_database =
virtual_mailbox_domains = ${domains.join(', ')}
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 1
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${gid}

# Mail arrives as it was sent: no field is added, completed or dropped.
local_header_rewrite_clients =
message_drop_headers =
message_size_limit = 52428800
mailbox_size_limit = 0
virtual_mailbox_limit = 0

# A test waits for nothing but what it is about.
in_flow_delay = 0
smtpd_error_sleep_time = 0
minimal_backoff_time = 300s
queue_run_delay = 300s
${main}
`;
}

/**
 * master.cf without its listeners: nothing is in a chroot, and mail that was dropped before pickup listened is seen a
 * second later.
 */
export const MASTER_CF = `pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
