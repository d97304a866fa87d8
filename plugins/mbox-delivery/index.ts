/** Delivers to mbox files, one for each mailbox: the end of the way for mail that is ours. */
import { join } from 'node:path';
import {
  type Awaitable,
  bouncedBy,
  CLOCK,
  contentOf,
  deferredBy,
  definePlugin,
  deliveredTo,
  describeWithRemedy,
  detailComplaint,
  duration,
  FILES,
  inLanes,
  isPermanent,
  mailboxPath,
  type Outcome,
  type Preview,
  path,
  type Recipient,
  replyToError,
  report,
  reportAll,
  size,
  splitLocalPart,
  targetPath,
  templateComplaint,
  z,
} from '../../core/index.ts';
import { type Arrived, arrived } from './arrived.ts';
import { errorOf, Mailboxes } from './mailboxes.ts';
import { appended } from './preview.ts';
import { troubleOf } from './trouble.ts';

/** Mailboxes that one delivery has open at the same time. */
const MOST_OPEN = 16;

const NO_NAME = { code: 553, status: '5.1.3', text: 'No mailbox can have this name' } as const;
const ELSEWHERE = { code: 451, status: '4.3.5', text: 'An alias names a file that is no mailbox here' } as const;
const LOOP = { code: 554, status: '5.4.6', text: 'Mail loop: this mail was delivered here before' } as const;

const ID = z
  .int()
  .min(0)
  .max(0xff_ff_ff_fe)
  .meta({ examples: [1000] });

const options = z.strictObject({
  directory: path()
    .describe('Where the mailboxes are. Made if it is missing.')
    .meta({ examples: ['./var/mail'] }),
  format: z
    .enum(['mboxrd', 'mboxo', 'mboxcl2'])
    .default('mboxrd')
    .describe(
      'mboxrd, mboxo: how lines that begin with From are quoted; mboxcl2: none is, Content-Length says how long each mail is.',
    ),
  path: z
    .string()
    .default('{local}')
    .superRefine((template, context) => {
      const message = templateComplaint(template);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .describe('The file of a mailbox below the directory.')
    .meta({ examples: ['{local}', '{domain}/{user}'] }),
  delimiters: z
    .string()
    .max(8)
    .default('')
    .describe('The characters that part a subaddress: with "+", ann+lists is mail for the user ann. None by default.')
    .meta({ examples: ['+'] }),
  detailPath: z
    .string()
    .superRefine((template, context) => {
      const message = detailComplaint(template);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .describe('The file for mail with a detail, below the directory. Without it that is the file of the mailbox.')
    .meta({ examples: ['{user}.{detail}', '{domain}/{user}.d/{detail}'] }),
  details: z
    .enum(['existing', 'made'])
    .default('existing')
    .describe(
      'existing: a detail leads to its file where there is one, and to the mailbox elsewhere; made: the file is made.',
    ),
  mode: z
    .string({ error: "write the permissions in quotes, as in '0600': YAML reads 0600 as another number" })
    .regex(/^0?[0-7]{3}$/, "permissions are three octal digits, such as '0600'")
    .default('0600')
    .describe('The permissions of a mailbox that is made.')
    .meta({ examples: ['0600', '0660'] }),
  user: ID.optional().describe('The user id to whom mailboxes belong: they are given to it when they are made.'),
  group: ID.optional().describe('The same for the group id.'),
  quota: size({ min: 1 })
    .optional()
    .describe('What a mailbox may hold. Mail for which there is no room is bounced with 552 5.2.2.')
    .meta({ examples: ['1 GiB'] }),
  lockTimeout: duration({ max: 3_600_000 })
    .prefault('30 s')
    .describe('How long to wait for a mailbox that another program has locked.'),
});

function outcomeWithoutName({ target }: Recipient): Outcome {
  return target === undefined ? bouncedBy(NO_NAME) : deferredBy(ELSEWHERE);
}

function outcomeOfError(error: unknown): Outcome {
  const reply = replyToError(error);
  return isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply);
}

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
    const { user = null, group = null, quota = null } = options;
    const keeping = { mode: Number.parseInt(options.mode, 8), user, group, quota };
    const mailboxes = new Mailboxes({ files, clock, directory, keeping });
    const nameFor = ({ forwardPath, target }: Recipient): Awaitable<string | null> => {
      if (target !== undefined) return target.argument.endsWith('/') ? null : targetPath(target, directory);
      const { path: template, detailPath, delimiters, details } = options;
      const { detail } = splitLocalPart(forwardPath.localPart, delimiters);
      const own = mailboxPath(template, forwardPath, delimiters);
      if (detail === null || detailPath === undefined) return own;
      const name = mailboxPath(detailPath, forwardPath, delimiters);
      if (name === null || details === 'made') return name ?? own;
      return files.facts(join(directory, name)).then(facts => (facts === null ? own : name));
    };
    return {
      start: () => files.makeDirectory(directory),
      close: () => mailboxes.close(),
      async preview({ mail, recipients }) {
        const { reversePath } = mail.envelope;
        const read = await arrived(mail.content, options.format);
        const previewFor = async (recipient: Recipient): Promise<Preview> => {
          const none = { recipients: [recipient], act: null, content: mail.content };
          if (read.hasLooped(recipient)) return { ...none, outcome: bouncedBy(LOOP) };
          const name = await nameFor(recipient);
          if (name === null) return { ...none, outcome: outcomeWithoutName(recipient) };
          const entry = read.entryFor({ reversePath, recipient, date: clock.now() });
          try {
            const content = contentOf(await appended(entry, { files, directory, name, keeping }));
            const act = { kind: 'append', file: join(directory, name) } as const;
            return { ...none, act, content, outcome: deliveredTo(`mbox ${name}`) };
          } catch (error) {
            return { ...none, outcome: outcomeOfError(errorOf(troubleOf(error))) };
          }
        };
        return await inLanes(MOST_OPEN, recipients, previewFor);
      },
      async deliver({ mail, recipients }, context) {
        const until = clock.monotonic() + options.lockTimeout;
        const { reversePath } = mail.envelope;
        const failed = (what: object, error: unknown): Outcome => {
          context.log.error('failed', { ...what, cause: describeWithRemedy(error) });
          return outcomeOfError(error);
        };
        const outcomeFor = async (recipient: Recipient, mail: Arrived): Promise<Outcome> => {
          if (mail.hasLooped(recipient)) return bouncedBy(LOOP);
          const name = await nameFor(recipient);
          if (name === null) return outcomeWithoutName(recipient);
          try {
            const entry = mail.entryFor({ reversePath, recipient, date: clock.now() });
            await mailboxes.append(name, entry, { until, context });
            return deliveredTo(`mbox ${name}`);
          } catch (error) {
            return failed({ mailbox: name, file: join(directory, name) }, error);
          }
        };
        try {
          const read = await arrived(mail.content, options.format);
          return report(await inLanes(MOST_OPEN, recipients, async one => [one, await outcomeFor(one, read)] as const));
        } catch (error) {
          return reportAll(recipients, failed({ reading: mail.id }, error));
        }
      },
    };
  },
});
