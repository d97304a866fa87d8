/** Delivers to mbox files, one for each mailbox: the end of the way for mail that is ours. */
import { join } from 'node:path';
import {
  bouncedBy,
  CLOCK,
  deferredBy,
  definePlugin,
  deliveredTo,
  describeWithRemedy,
  duration,
  FILES,
  isPermanent,
  type Outcome,
  path,
  type Recipient,
  readHeader,
  replyToError,
  report,
  z,
} from '../../core/index.ts';
import { append } from './append.ts';
import { atMost } from './at-most.ts';
import { deliveredContent, hasLooped } from './delivery-header.ts';
import { DotLocks } from './dot-lock.ts';
import { entryOf } from './entry.ts';
import { makeFolder } from './folder.ts';
import { mailboxPath, templateComplaint } from './path-template.ts';
import { Turns } from './turns.ts';

/** Mailboxes that one delivery has open at the same time. */
const MOST_OPEN = 16;

/** Of the whole process: two configurations may be alive at once, and have the same mailboxes. */
const turns = new Turns();

const NO_NAME = { code: 553, status: '5.1.3', text: 'No mailbox can have this name' } as const;
const LOOP = { code: 554, status: '5.4.6', text: 'Mail loop: this mail was delivered here before' } as const;

const options = z.strictObject({
  directory: path()
    .describe('Where the mailboxes are. Made if it is missing.')
    .meta({ examples: ['./var/mail'] }),
  format: z.enum(['mboxrd', 'mboxo']).default('mboxrd').describe('How lines that begin with From are quoted.'),
  path: z
    .string()
    .default('{local}')
    .superRefine((template, context) => {
      const message = templateComplaint(template);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .describe('The file of a mailbox below the directory.')
    .meta({ examples: ['{local}', '{domain}/{local}'] }),
  mode: z
    .string({ error: "write the permissions in quotes, as in '0600': YAML reads 0600 as another number" })
    .regex(/^0?[0-7]{3}$/, "permissions are three octal digits, such as '0600'")
    .default('0600')
    .describe('The permissions of a mailbox that is made.')
    .meta({ examples: ['0600', '0660'] }),
  lockTimeout: duration({ max: 3_600_000 })
    .prefault('30 s')
    .describe('How long to wait for a mailbox that another program has locked.'),
});

export default definePlugin({
  name: 'mbox-delivery',
  summary: 'Delivers to mbox files',
  options,
  delivers: 'here',
  needs: { files: FILES, clock: CLOCK },
  async check({ options, files }) {
    const found = await files.facts(options.directory);
    if (found === null || found.kind === 'directory' || found.kind === 'link') return [];
    return [{ path: ['directory'], message: `${files.resolve(options.directory)} is not a folder` }];
  },
  create({ options, files, clock }) {
    const { directory, format } = options;
    const mode = Number.parseInt(options.mode, 8);
    const locks = new DotLocks({ files, clock });
    return {
      start: () => files.makeDirectory(directory),
      async deliver({ mail, recipients }, { signal, log }) {
        const patience = { until: clock.monotonic() + options.lockTimeout, signal, log };
        const { reversePath } = mail.envelope;
        const read = await readHeader(mail.content);
        const header = read.kind === 'header' ? read.block : null;

        const put = async (recipient: Recipient, name: string) => {
          const mailbox = files.resolve(join(directory, name));
          const date = clock.now();
          const content = deliveredContent(mail.content, header, { reversePath, recipient, date });
          const entry = entryOf(content, format, { reversePath, date });
          await makeFolder(directory, name, files);
          await turns.take(mailbox, () =>
            locks.hold(mailbox, patience, lock => append(mailbox, entry, { files, lock, mode, signal })),
          );
        };
        const outcomeFor = async (recipient: Recipient): Promise<Outcome> => {
          const name = mailboxPath(options.path, recipient.forwardPath);
          if (name === null) return bouncedBy(NO_NAME);
          if (hasLooped(header, recipient)) return bouncedBy(LOOP);
          try {
            await put(recipient, name);
            return deliveredTo(`mbox ${name}`);
          } catch (error) {
            const file = files.resolve(join(directory, name));
            log.error('failed', { mailbox: name, file, cause: describeWithRemedy(error) });
            const reply = replyToError(error);
            return isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply);
          }
        };
        return report(
          await atMost(MOST_OPEN, recipients, async recipient => [recipient, await outcomeFor(recipient)] as const),
        );
      },
    };
  },
});
