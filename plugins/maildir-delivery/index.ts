/** Delivers into Maildirs, one for each mailbox: a file a mail, without locks. */
import { join } from 'node:path';
import {
  bouncedBy,
  CLOCK,
  contentOf,
  deferredBy,
  definePlugin,
  deliveredTo,
  deliveryFields,
  describeWithRemedy,
  FILES,
  type FinalContent,
  finalContent,
  IDENTITY,
  isPermanent,
  type Mail,
  mailboxPath,
  type Outcome,
  type Preview,
  path,
  RANDOM,
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
import { Mailboxes, type Placed } from './mailboxes.ts';

const NO_NAME = { code: 553, status: '5.1.3', text: 'No mailbox can have this name' } as const;
const ELSEWHERE = { code: 451, status: '4.3.5', text: 'An alias names a folder that is no mailbox here' } as const;
const NO_DETAIL = { detail: null } as const;
const LOOP = { code: 554, status: '5.4.6', text: 'Mail loop: this mail was delivered here before' } as const;

const quota = z
  .strictObject({
    size: size({ min: 1 }).optional().describe('Octets that a mailbox may hold.'),
    messages: z
      .int()
      .min(1)
      .optional()
      .describe('Mails that a mailbox may hold.')
      .meta({ examples: [100_000] }),
    full: z
      .enum(['bounce', 'defer'])
      .default('bounce')
      .describe('What becomes of mail for a full mailbox: bounce with 552 5.2.2, or try again later with 452 4.2.2.'),
  })
  .refine(({ size, messages }) => size !== undefined || messages !== undefined, {
    error: 'must say size, messages, or both',
  });

const options = z.strictObject({
  directory: path()
    .describe('Where the mailboxes are. Made if it is missing.')
    .meta({ examples: ['./var/maildirs'] }),
  path: z
    .string()
    .default('{user}')
    .superRefine((template, context) => {
      const message = templateComplaint(template);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .describe('The Maildir of a mailbox below the directory.')
    .meta({ examples: ['{user}', '{domain}/{user}', '{domain}/{user}/Maildir'] }),
  mode: z
    .string({ error: "write the permissions in quotes, as in '0600': YAML reads 0600 as another number" })
    .regex(/^0?[0-7]{3}$/, "permissions are three octal digits, such as '0600'")
    .default('0600')
    .describe('The permissions of a mail. Folders get them too, and may be searched by those who may read.')
    .meta({ examples: ['0600', '0660'] }),
  delimiters: z
    .string()
    .max(8)
    .default('')
    .describe('The characters that part a subaddress: with "+", ann+lists is mail for ann. None by default.')
    .meta({ examples: ['+', '+-'] }),
  folders: z
    .enum(['off', 'existing', 'made'])
    .default('existing')
    .describe(
      'What a subaddress leads to. existing: the folder of its name where there is one; made: it is made; off: the inbox.',
    ),
  quota: quota.optional().describe('What a mailbox may hold, all of its folders together.'),
});

/** Where a mail is to go. */
interface Box {
  readonly kind: 'box';
  /** Below the directory. */
  readonly name: string;
  readonly detail: string | null;
}

function outcomeOfError(error: unknown): Outcome {
  const reply = replyToError(error);
  return isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply);
}

export default definePlugin({
  name: 'maildir-delivery',
  summary: 'Delivers into Maildirs',
  options,
  delivers: 'here',
  needs: { files: FILES, clock: CLOCK, random: RANDOM, identity: IDENTITY },
  async check({ options, files }) {
    const found = await files.facts(options.directory);
    if (found === null || found.kind === 'directory' || found.kind === 'link') return [];
    return [{ path: ['directory'], message: `${files.resolve(options.directory)} is not a folder` }];
  },
  create({ options, files, clock, random, identity }) {
    const directory = files.resolve(options.directory);
    const mode = Number.parseInt(options.mode, 8);
    const { quota } = options;
    const mailboxes = new Mailboxes({
      files,
      clock,
      random,
      host: identity.hostname,
      directory,
      mode,
      folders: options.folders,
      quota: quota === undefined ? null : { size: quota.size ?? null, messages: quota.messages ?? null },
    });
    const outcomeOf = (placed: Placed): Outcome => {
      if (placed.kind === 'delivered') return deliveredTo(`maildir ${placed.folder}`);
      const full = { text: 'Mailbox is full' } as const;
      return quota?.full === 'defer'
        ? deferredBy({ code: 452, status: '4.2.2', ...full })
        : bouncedBy({ code: 552, status: '5.2.2', ...full });
    };
    /** Which mailbox a recipient means, or why it gets nothing. */
    const boxFor = (recipient: Recipient, content: FinalContent): Box | Outcome => {
      const { forwardPath, target } = recipient;
      const own = mailboxPath(options.path, forwardPath, options.delimiters);
      const name = target === undefined ? own : targetPath(target, directory);
      if (name === null) return target === undefined ? bouncedBy(NO_NAME) : deferredBy(ELSEWHERE);
      if (content.hasLooped(recipient)) return bouncedBy(LOOP);
      const { detail } = target === undefined ? splitLocalPart(forwardPath.localPart, options.delimiters) : NO_DETAIL;
      return { kind: 'box', name, detail };
    };
    const fieldsFor = (mail: Mail, recipient: Recipient) =>
      deliveryFields({ reversePath: mail.envelope.reversePath, recipient, date: clock.now() });
    return {
      start: () => files.makeDirectory(directory),
      async preview({ mail, recipients }) {
        const content = await finalContent(mail.content);
        const previewFor = async (recipient: Recipient): Promise<Preview> => {
          const octets = [Buffer.from(fieldsFor(mail, recipient)), ...(await Array.fromAsync(content.lines()))];
          const about = { recipients: [recipient], content: contentOf(Buffer.concat(octets)) };
          const box = boxFor(recipient, content);
          if (box.kind !== 'box') return { ...about, act: null, outcome: box };
          try {
            const placed = await mailboxes.look(box, about.content.size);
            const folder = placed.kind === 'full' ? null : join(directory, placed.folder, 'new');
            return { ...about, act: folder === null ? null : { kind: 'create', folder }, outcome: outcomeOf(placed) };
          } catch (error) {
            return { ...about, act: null, outcome: outcomeOfError(error) };
          }
        };
        return Promise.all(recipients.map(previewFor));
      },
      async deliver({ mail, recipients }, { signal, log }) {
        const failed = (what: object, error: unknown): Outcome => {
          log.error('failed', { ...what, cause: describeWithRemedy(error) });
          return outcomeOfError(error);
        };
        const outcomeFor = async (recipient: Recipient, content: FinalContent): Promise<Outcome> => {
          const box = boxFor(recipient, content);
          if (box.kind !== 'box') return box;
          const { name } = box;
          const fields = fieldsFor(mail, recipient);
          try {
            const placed = await mailboxes.deliver({ ...box, fields, lines: content.lines() }, signal);
            if (placed.kind === 'full') log.warn('filled', { mailbox: name });
            return outcomeOf(placed);
          } catch (error) {
            return failed({ mailbox: name, folder: join(directory, name) }, error);
          }
        };
        try {
          const content = await finalContent(mail.content);
          const outcomes = new Map<Recipient, Outcome>();
          // One after the other: each has its own file and its own fsync, and other mails have their turn meanwhile.
          for (const one of recipients) outcomes.set(one, await outcomeFor(one, content));
          return report([...outcomes]);
        } catch (error) {
          return reportAll(recipients, failed({ reading: mail.id }, error));
        }
      },
    };
  },
});
