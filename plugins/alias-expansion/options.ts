/** The options of alias-expansion. */
import { domainName, path, tableSetting, z } from '../../core/index.ts';

const transport = z
  .string()
  .min(1)
  .meta({ description: 'The id of a plugin that delivers on this machine.', examples: ['scripts'] });

const aliasFiles = z
  .strictObject({
    aliases: z
      .union([path(), z.array(path()).min(1)])
      .transform(written => (Array.isArray(written) ? written : [written]))
      .meta({ description: 'Alias files that make one table.', examples: ['./aliases'] }),
  })
  .meta({ description: 'Alias files.' });

export const OPTIONS = z
  .strictObject({
    file: path()
      .optional()
      .meta({ description: 'The alias file. For several, use `files`.', examples: ['./aliases'] }),
    files: z
      .array(path())
      .min(1)
      .optional()
      .meta({ description: 'Alias files that make one table.', examples: [['./aliases', './lists']] }),
    tables: z
      .array(z.union([aliasFiles, tableSetting()]))
      .default([])
      .meta({
        description:
          'Tables, asked in their order, after the files: alias files ({ aliases: path }) or any kind of table.',
        examples: [[{ map: { postmaster: 'ann' } }, { aliases: './aliases' }]],
      }),
    domains: z
      .array(domainName())
      .default([])
      .meta({ description: 'Where names without a domain hold.', examples: [['example.test']] }),
    recipientDelimiter: z
      .string()
      .regex(/^[-+=_#~]{1,6}$/, 'characters out of + - = _ # ~ are expected')
      .optional()
      .meta({
        description: 'What separates user and extension: ann+lists is looked up as ann too. One character or several.',
        examples: ['+', '+-'],
      }),
    keepExtension: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether the extension goes on: with ann: bob, ann+lists is bob+lists.', examples: [true] }),
    commands: z
      .strictObject({ transport })
      .optional()
      .meta({
        description: 'Allows |command in alias files, and says who runs it.',
        examples: [{ transport: 'scripts' }],
      }),
    paths: z
      .strictObject({
        transport,
        below: z
          .array(path())
          .min(1)
          .meta({ description: 'The folders below which files may be named.', examples: [['/var/mail/lists']] }),
      })
      .optional()
      .meta({
        description: 'Allows /file in alias files, and says who writes it.',
        examples: [{ transport: 'archives', below: ['/var/mail/lists'] }],
      }),
    owners: z
      .boolean()
      .default(true)
      .meta({
        description: 'Whether failures behind a list go to owner-list, where that is an alias.',
        examples: [false],
      }),
    limit: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .meta({ description: 'The most recipients that one may expand to; more are deferred.', examples: [1000] }),
    depth: z
      .int()
      .min(1)
      .max(1000)
      .default(50)
      .meta({
        description: 'The most aliases between a recipient and what it leads to; more are deferred.',
        examples: [50],
      }),
  })
  .refine(({ file, files }) => file === undefined || files === undefined, {
    error: 'name the alias file under "file", or several under "files"',
  })
  .refine(({ file, files, tables }) => file !== undefined || files !== undefined || tables.length > 0, {
    error: 'name the alias file under "file", several under "files", or other tables under "tables"',
  });

export type Options = z.output<typeof OPTIONS>;
