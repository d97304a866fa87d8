/** The loads that every system gets, and how much faster than its peers the gateway is to be at each of them. */

/** Who is measured. Haraka runs as one process and as a cluster, for its users choose. */
export type SystemName = 'mailframe' | 'postfix' | 'haraka' | 'haraka-cluster';

export const SYSTEM_NAMES = [
  'mailframe',
  'postfix',
  'haraka',
  'haraka-cluster',
] as const satisfies readonly SystemName[];

/** Where the mail of a load ends: at the next hop, in the queue, or in files of its recipients. */
export type Goal = 'next-hop' | 'queue' | 'mailboxes';

/** What is asked of a system. */
export interface Load {
  readonly name: string;
  readonly title: string;
  readonly goal: Goal;
  /** Of one round. */
  readonly messages: number;
  /** Of one content, in octets. */
  readonly size: number;
  readonly clients: number;
  /** `each`: a message waits until the one before it has wholly arrived. */
  readonly pace: 'all-at-once' | 'each';
  readonly connections: 'new' | 'kept';
  /** Of one message. */
  readonly recipients: number;
  /** The gateway's rate in those of the peer. `haraka` stands for the better of the two ways to run it. */
  readonly targets: { readonly postfix: number; readonly haraka?: number };
}

/** Whose mailboxes are files. */
export const USERS: readonly string[] = Array.from({ length: 100 }, (_, index) => `user${index}`);
/** Domains that the recipients of one message are spread over. */
export const DOMAINS = 50;
/** The domain whose mailboxes are here, as in the shipped configuration. */
export const LOCAL_DOMAIN = 'example.test';

const SMALL = { size: 4096, clients: 20, pace: 'all-at-once', recipients: 1 } as const;

export const LOADS: readonly Load[] = [
  {
    ...SMALL,
    name: 'fresh',
    title: '4 KB, a new connection each, 20 clients, until the last one is at the next hop',
    goal: 'next-hop',
    messages: 6000,
    connections: 'new',
    targets: { postfix: 2, haraka: 3 },
  },
  {
    ...SMALL,
    name: 'reused',
    title: '4 KB, connections reused, 20 clients, until the last one is at the next hop',
    goal: 'next-hop',
    messages: 10_000,
    connections: 'kept',
    targets: { postfix: 5, haraka: 6 },
  },
  {
    ...SMALL,
    name: 'accept',
    title: '4 KB, connections reused, 20 clients, until the last 250: the mail stays in the queue',
    goal: 'queue',
    messages: 10_000,
    connections: 'kept',
    targets: { postfix: 6 },
  },
  {
    name: 'large',
    title: '1 MB, connections reused, 10 clients, until the last one is at the next hop',
    goal: 'next-hop',
    messages: 400,
    size: 1_000_000,
    clients: 10,
    pace: 'all-at-once',
    connections: 'kept',
    recipients: 1,
    targets: { postfix: 1.5, haraka: 4 },
  },
  {
    ...SMALL,
    name: 'mbox',
    title: `4 KB to the mbox files of ${USERS.length} users, connections reused, 20 clients, until the last one is in its file`,
    goal: 'mailboxes',
    messages: 8000,
    connections: 'kept',
    targets: { postfix: 4 },
  },
  {
    name: 'recipients',
    title: `one message of 4 KB to 1,000 recipients in ${DOMAINS} domains, until it is at the next hop for the last of them`,
    goal: 'next-hop',
    messages: 10,
    size: 4096,
    clients: 1,
    pace: 'each',
    connections: 'kept',
    recipients: 1000,
    targets: { postfix: 1 },
  },
];

/** What arrives in a round: messages, or recipients where one message has many. */
export function arrivalsOf({ messages, recipients }: Load): number {
  return messages * recipients;
}

/** The recipients of its messages, in turn. */
export function envelopesOf({ goal, recipients }: Load): readonly (readonly string[])[] {
  if (goal === 'mailboxes') return USERS.map(user => [`${user}@${LOCAL_DOMAIN}`]);
  if (recipients === 1) return [['bob@next.test']];
  return [Array.from({ length: recipients }, (_, index) => `bob${index}@domain${index % DOMAINS}.test`)];
}
