/** Replaces recipients by those that alias files name for them (RFC 5321 section 3.9.1). */
import {
  CLOCK,
  checkTable,
  defer,
  definePlugin,
  domainName,
  expand,
  FILES,
  FileTable,
  type FileTableSource,
  LOG,
  path,
  reject,
  z,
} from '../../core/index.ts';
import { nameOf, tableOf } from './alias-files.ts';
import type { AliasTable } from './alias-table.ts';
import { swallow, swallowed } from './black-hole.ts';
import { expandAlias } from './expansion.ts';

const OPTIONS = z
  .strictObject({
    file: path()
      .optional()
      .meta({ description: 'The alias file. For several, use `files`.', examples: ['./aliases'] }),
    files: z
      .array(path())
      .min(1)
      .optional()
      .meta({ description: 'Alias files that make one table.', examples: [['./aliases', './lists']] }),
    domains: z
      .array(domainName())
      .default([])
      .meta({ description: 'Where names without a domain hold.', examples: [['example.test']] }),
    recipientDelimiter: z
      .enum(['+', '-', '=', '_', '#', '~'])
      .optional()
      .meta({ description: 'What separates user and extension: ann+lists is looked up as ann too.', examples: ['+'] }),
    limit: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .meta({ description: 'The most recipients that one may expand to; more are deferred.', examples: [1000] }),
  })
  .refine(({ file, files }) => (file === undefined) !== (files === undefined), {
    error: 'name the alias file under "file", or several under "files"',
  });

function sourceOf({ file, files, domains, recipientDelimiter }: z.output<typeof OPTIONS>): FileTableSource<AliasTable> {
  const paths = files ?? (file === undefined ? [] : [file]);
  return {
    paths,
    parse: contents =>
      tableOf(
        contents.map((content, index) => ({ name: nameOf(paths[index] ?? ''), text: content.toString() })),
        { domains, delimiter: recipientDelimiter ?? null },
      ),
  };
}

export default definePlugin({
  name: 'alias-expansion',
  summary: 'Replaces recipients by those that alias files name for them.',
  options: OPTIONS,
  needs: { files: FILES, clock: CLOCK, log: LOG },

  check: ({ options, files }) => checkTable(sourceOf(options), files, [options.files === undefined ? 'file' : 'files']),

  create({ options, ...services }) {
    const aliases = new FileTable(sourceOf(options), services);
    return {
      start: () => aliases.load(),

      async rcpt({ recipient: { forwardPath } }, { log }) {
        const expanded = expandAlias(await aliases.current(), forwardPath, options.limit);
        switch (expanded.kind) {
          case 'no-alias':
            return;
          case 'recipients':
            if (expanded.leftOut.length > 0) log.info('omitted', { targets: expanded.leftOut });
            return expand(expanded.to);
          case 'blackhole':
            return expand([swallowed(forwardPath, expanded.via)]);
          case 'fail':
            return reject(550, '5.1.1', expanded.text || 'No such mailbox', expanded.via);
          case 'defer':
            return defer(450, '4.2.1', expanded.text || 'Mailbox unavailable, try again later', expanded.via);
          case 'too-many':
            return defer(
              451,
              '4.5.3',
              'Alias expands to too many recipients, try again later',
              `more than ${options.limit} recipients`,
            );
          case 'nobody':
            return defer(451, '4.3.5', 'Alias leads nowhere, try again later', 'the alias leads round in a loop');
        }
      },

      around: swallow,
    };
  },
});
