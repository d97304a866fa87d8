/** Delivers to a program: the mail is its input, and its exit code says what became of it. */
import { isAbsolute } from 'node:path';
import { CLOCK, definePlugin, duration, FILES, PROCESSES, path, report, size, z } from '../../core/index.ts';
import { argumentComplaint } from './arguments.ts';
import { Pipe } from './pipe.ts';

const argument = z.string().superRefine((text, context) => {
  const message = argumentComplaint(text);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

const number = z.int().min(0).max(0xff_ff_ff_fe);

const options = z.strictObject({
  command: z
    .tuple([z.string().refine(isAbsolute, 'must be an absolute path: no search path is asked')], argument)
    .describe(
      'The program and its arguments. No shell reads them. {recipient}, {original}, {local}, {user}, {detail}, {domain}, {sender} and {queueId} stand for what they say; {argument} for what an alias says.',
    )
    .meta({ examples: [['/usr/lib/dovecot/dovecot-lda', '-f', '{sender}', '-a', '{original}', '-d', '{user}']] }),
  directory: path()
    .default('/')
    .describe('Where the program runs.')
    .meta({ examples: ['/srv/tickets'] }),
  user: number
    .optional()
    .describe('The user id as which it runs. As the gateway does, where it is missing.')
    .meta({ examples: [65_534] }),
  group: number
    .optional()
    .describe('The group id as which it runs.')
    .meta({ examples: [65_534] }),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of a variable'), z.string())
    .default({})
    .describe("More of its environment. Nothing of the gateway's own is passed on.")
    .meta({ examples: [{ LANG: 'C.UTF-8' }] }),
  delimiters: z
    .string()
    .max(8)
    .default('')
    .describe('The characters that part {user} and {detail}.')
    .meta({ examples: ['+'] }),
  fields: z
    .enum(['delivery', 'none'])
    .default('delivery')
    .describe(
      'delivery: Return-Path, Delivered-To and the like on top, and mail that loops is refused; none: the mail as it is.',
    ),
  fromLine: z
    .enum(['write', 'leave out'])
    .default('leave out')
    .describe('write: a From_ line first, as in an mbox file.'),
  lineEnds: z.enum(['lf', 'crlf']).default('lf').describe('How the lines of the input end.'),
  timeout: duration({ min: 1000, max: 86_400_000 })
    .prefault('10 min')
    .describe('Then the program is ended, and the mail waits.'),
  maxSize: size().optional().describe('Larger mail is bounced with 552 5.3.4.'),
});

export default definePlugin({
  name: 'pipe-delivery',
  summary: 'Delivers to a program',
  options,
  delivers: 'here',
  needs: { processes: PROCESSES, files: FILES, clock: CLOCK },
  async check({ options, files }) {
    const [program] = options.command;
    const found = await files.facts(program);
    if (found === null) return [{ path: ['command', 0], message: `${program} does not exist` }];
    return found.kind === 'directory' ? [{ path: ['command', 0], message: `${program} is a folder` }] : [];
  },
  create({ options, processes, files, clock }) {
    const [program, ...args] = options.command;
    const { user = null, group = null, maxSize = null, ...others } = options;
    const pipe = new Pipe(
      { ...others, program, args, directory: files.resolve(options.directory), user, group, maxSize },
      { processes, clock },
    );
    return {
      async deliver({ mail, recipients }, { signal, log }) {
        const outcomes = [];
        // One after the other: a mail to many must not start as many programs at once.
        for (const one of recipients) outcomes.push([one, await pipe.deliver(mail, one, { signal, log })] as const);
        return report(outcomes);
      },
      preview: ({ mail, recipients }) => Promise.all(recipients.map(one => pipe.preview(mail, one))),
    };
  },
});
