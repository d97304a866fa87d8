/**
 * Rewrites senders: addresses that stand for others (canonical), hosts that nobody outside need know (masquerade), and
 * reverse-paths of forwarded mail (SRS).
 *
 * What we keep is what the client said: reverse-paths are rewritten on their way to the transport, so that our own
 * notifications go to the sender itself.
 */
import {
  applyEdits,
  CLOCK,
  type Delivery,
  definePlugin,
  expand,
  formatMailbox,
  LOG,
  type Mailbox,
  readHeader,
  reject,
  rewrite,
  sameMailbox,
  signaturesBrokenBy,
  TABLES,
  tableHosts,
} from '../../core/index.ts';
import { canonicalOf } from './canonical.ts';
import { checkCanonical } from './check.ts';
import { editsOf } from './header-addresses.ts';
import { OPTIONS, type Options } from './options.ts';
import { isRewritten, reversed, rewritten, type SrsRules } from './srs.ts';

const DAY = 24 * 60 * 60 * 1000;
/** RFC 5321 section 4.5.3.1.3, without the angle brackets. In octets. */
const LONGEST_ADDRESS = 254;

export default definePlugin({
  name: 'sender-rewriting',
  summary: 'Rewrites senders: addresses that stand for others, hidden hosts, and those of forwarded mail (SRS).',
  options: OPTIONS,
  needs: { tables: TABLES, clock: CLOCK, log: LOG },

  check: ({ options, tables }) => checkCanonical(options, tables),

  create({ options, tables, clock, log }) {
    const table = options.canonical === undefined ? null : tables.open(options.canonical, log);
    const rules = { table, masquerade: options.masquerade };
    const srs = srsRules(options);
    const canonical = (mailbox: Mailbox, signal: AbortSignal) => canonicalOf(mailbox, rules, signal);
    const renames = options.canonical !== undefined || options.masquerade !== undefined;

    /** With SRS where it is forwarded to others, and neither the sender nor anybody whom it names is ours. */
    const forwarded = ({ recipients, hosts }: Delivery, sender: Mailbox): Mailbox => {
      const isForwarded = hosts.length > 0 && recipients.some(({ via }) => via.length > 0);
      if (srs === null || !isForwarded || srs.ours.has(sender.domain)) return sender;
      const address = rewritten(sender, clock.now(), srs.rules);
      if (Buffer.byteLength(formatMailbox(address)) <= LONGEST_ADDRESS) return address;
      log.warn('kept', { sender: formatMailbox(sender), because: 'rewritten, it would be too long' });
      return sender;
    };

    const edits = renames && options.headers.length > 0;
    return {
      about: {
        handles: edits && options.signed === 'rewrite' ? [{ does: 'breaks', signatures: ['DKIM'] }] : [],
        names: options.canonical === undefined ? [] : tableHosts(options.canonical, ['canonical']),
      },
      ...(table === null ? {} : { close: () => table.close() }),

      ...(srs === null
        ? {}
        : {
            rcpt({ recipient: { forwardPath } }) {
              if (forwardPath.domain !== srs.rules.domain || !isRewritten(forwardPath)) return;
              const found = reversed(forwardPath, clock.now(), srs.rules);
              if (found.kind === 'invalid') return reject(550, '5.1.1', 'No such mailbox', found.because);
              return expand([{ to: found.mailbox, via: 'SRS' }]);
            },
          }),

      ...(edits
        ? {
            async data({ mail: { content } }, { signal, log }) {
              const header = await readHeader(content);
              if (header.kind === 'too-large') return;
              const edits = await editsOf(header.block, options.headers, async one => canonical(one, signal));
              if (edits.length === 0) return;
              const breaks = await signaturesBrokenBy(content, edits);
              if (breaks.length > 0 && options.signed === 'leave') return log.info('kept', { breaks });
              return rewrite(applyEdits(content, edits), [{ what: 'rewrote addresses of senders', breaks }]);
            },
          }
        : {}),

      async around(call, next) {
        if (call.hook !== 'deliver') return next();
        const delivery = call.subject;
        const { mail } = delivery;
        const { reversePath } = mail.envelope;
        if (reversePath === null) return next();
        const sender = forwarded(delivery, await canonical(reversePath, call.context.signal));
        if (sameMailbox(sender, reversePath)) return next();
        return next({ ...delivery, mail: { ...mail, envelope: { ...mail.envelope, reversePath: sender } } });
      },
      surrounds: ['deliver'],
    };
  },
});

function srsRules({ srs }: Options): { readonly rules: SrsRules; readonly ours: ReadonlySet<string> } | null {
  if (srs === undefined) return null;
  const { domain, secrets, localDomains, separator, hashLength, maxAge } = srs;
  const [first, ...others] = secrets.map(one => one.reveal());
  if (first === undefined) return null;
  return {
    rules: { domain, secrets: [first, ...others], separator, hashLength, maxAge: Math.floor(maxAge / DAY) },
    ours: new Set([domain, ...localDomains]),
  };
}
