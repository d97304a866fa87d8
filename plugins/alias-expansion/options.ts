/** The options of alias-expansion, and the table that they name. */
import { domainName, type FileTableSource, path, z } from '../../core/index.ts';
import { nameOf, tableOf } from './alias-files.ts';
import type { AliasTable } from './alias-table.ts';

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

/** The table that the options name. */
export function sourceOf({
  file,
  files,
  domains,
  recipientDelimiter,
}: z.output<typeof OPTIONS>): FileTableSource<AliasTable> {
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
