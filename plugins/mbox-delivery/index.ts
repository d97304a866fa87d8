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
  mailboxPath,
  type Outcome,
  path,
  type Recipient,
  replyToError,
  report,
  reportAll,
  templateComplaint,
  z,
} from '../../core/index.ts';
import { type Arrived, arrived } from './arrived.ts';
import { atMost } from './at-most.ts';
import { Mailboxes } from './mailboxes.ts';

/** Mailboxes that one delivery has open at the same time. */
const MOST_OPEN = 16;

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
    const directory = files.resolve(options.directory);
    const mode = Number.parseInt(options.mode, 8);
    const mailboxes = new Mailboxes({ files, clock, directory, mode });
    return {
      start: () => files.makeDirectory(directory),
      close: () => mailboxes.close(),
      async deliver({ mail, recipients }, { signal, log }) {
        const until = clock.monotonic() + options.lockTimeout;
        const { reversePath } = mail.envelope;
        const failed = (what: object, error: unknown): Outcome => {
          log.error('failed', { ...what, cause: describeWithRemedy(error) });
          const reply = replyToError(error);
          return isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply);
        };
        const outcomeFor = async (recipient: Recipient, mail: Arrived): Promise<Outcome> => {
          const name = mailboxPath(options.path, recipient.forwardPath);
          if (name === null) return bouncedBy(NO_NAME);
          if (mail.hasLooped(recipient)) return bouncedBy(LOOP);
          try {
            const entry = mail.entryFor({ reversePath, recipient, date: clock.now() });
            await mailboxes.append(name, entry, { until, signal, log });
            return deliveredTo(`mbox ${name}`);
          } catch (error) {
            return failed({ mailbox: name, file: join(directory, name) }, error);
          }
        };
        try {
          const read = await arrived(mail.content, options.format);
          return report(await atMost(MOST_OPEN, recipients, async one => [one, await outcomeFor(one, read)] as const));
        } catch (error) {
          return reportAll(recipients, failed({ reading: mail.id }, error));
        }
      },
    };
  },
});
