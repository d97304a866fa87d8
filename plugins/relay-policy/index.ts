/**
 * Says for whom this gateway takes mail: its own domains and those it backs up from anyone, any domain from clients that
 * may relay. It refuses one thing, a mailbox that is not in the list, and only where no plugin above has claimed it: an
 * alias is no mailbox and must be heard.
 */
import {
  accept,
  CLOCK,
  checkTable,
  definePlugin,
  expand,
  FILES,
  FileTable,
  type FileTableSource,
  IDENTITY,
  inRanges,
  LOG,
  type Mailbox,
  reject,
  type Session,
  type Taken,
  whenThere,
} from '../../core/index.ts';
import { type MailboxList, mailboxList, parseMailboxFile } from './mailbox-list.ts';
import { contradictions, OPTIONS, type Options } from './options.ts';

export default definePlugin({
  name: 'relay-policy',
  summary: 'Takes mail for local and relayed domains from anyone, and for any domain from clients that may relay.',
  options: OPTIONS,
  needs: { files: FILES, clock: CLOCK, log: LOG, identity: IDENTITY },

  async check({ options, files }) {
    const { mailboxes } = options;
    const table =
      typeof mailboxes === 'string' ? await checkTable(sourceOf(mailboxes, options), files, ['mailboxes']) : [];
    return [...contradictions(options), ...table];
  },

  create({ options, identity, ...services }) {
    const { mailboxes, recipientDelimiter: delimiter = null } = options;
    const local = new Set(options.localDomains);
    const relayed = new Set(options.relayDomains);
    const mayRelay = inRanges(options.relayFor);
    const file = typeof mailboxes === 'string' ? new FileTable(sourceOf(mailboxes, options), services) : null;
    const listed = typeof mailboxes === 'object' ? mailboxList(mailboxes, delimiter) : null;
    const [home] = options.localDomains.map(domain => ({
      to: { localPart: 'postmaster', domain },
      via: 'postmaster (relay-policy)',
    }));

    const isPermitted = ({ client, user }: Session) =>
      mayRelay(client.address) || (user !== null && options.authenticated === 'relay');

    /** What a mailbox of a local domain is, by the list of all; `null`: there is none. */
    const judge = (mailbox: Mailbox, list: MailboxList | null, claimed: boolean) => {
      if (isPostmaster(mailbox)) return accept;
      if (list === null) return holdsRoute(mailbox) ? undefined : accept;
      if (list.has(mailbox)) return accept;
      return claimed ? undefined : reject(550, '5.1.1', 'No such mailbox here');
    };

    const takes = (['localDomains', 'relayDomains'] as const).flatMap(option =>
      options[option].map((domain, index): Taken => {
        const recipients = { kind: 'domain', domain, subdomains: false } as const;
        return { recipients, path: [option, index] };
      }),
    );

    return {
      about: { takes },
      start: () => file?.load(),

      rcpt({ session, recipient: { forwardPath }, claimed }) {
        const { domain } = forwardPath;
        if (local.has(domain)) {
          const list = file === null ? listed : file.current();
          return whenThere(list, known => judge(forwardPath, known, claimed));
        }
        // RCPT TO:<Postmaster> comes in with our own name as its domain (RFC 5321 section 4.5.1).
        if (home !== undefined && domain === identity.hostname && isPostmaster(forwardPath)) return expand([home]);
        if (isPermitted(session)) return accept;
        return relayed.has(domain) && !holdsRoute(forwardPath) ? accept : undefined;
      },
    };
  },
});

function sourceOf(path: string, { recipientDelimiter }: Options): FileTableSource<MailboxList> {
  return {
    paths: [path],
    parse: ([content]) => mailboxList(parseMailboxFile(content?.toString() ?? '', path), recipientDelimiter ?? null),
  };
}

/** Every domain has one, in any case (RFC 5321 section 4.5.1). */
function isPostmaster({ localPart }: Mailbox): boolean {
  return localPart.toLowerCase() === 'postmaster';
}

/**
 * Whether a next hop might read the local part as a route: `user%other.test`, `other.test!user`, `"user@other.test"`.
 * We do not, but whoever we pass it to could relay for a stranger because it trusts us.
 */
function holdsRoute({ localPart }: Mailbox): boolean {
  return /[%!@]/.test(localPart);
}
