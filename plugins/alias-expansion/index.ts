/** Replaces recipients by those that alias files name for them (RFC 5321 section 3.9.1). */
import {
  CLOCK,
  checkTable,
  defer,
  definePlugin,
  expand,
  FILES,
  FileTable,
  type ForwardPath,
  type HookContext,
  LOG,
  reject,
  whenThere,
} from '../../core/index.ts';
import type { AliasTable } from './alias-table.ts';
import { swallow, swallowed } from './black-hole.ts';
import { expandAlias } from './expansion.ts';
import { OPTIONS, sourceOf } from './options.ts';

export default definePlugin({
  name: 'alias-expansion',
  summary: 'Replaces recipients by those that alias files name for them.',
  options: OPTIONS,
  needs: { files: FILES, clock: CLOCK, log: LOG },

  check: ({ options, files }) => checkTable(sourceOf(options), files, [options.files === undefined ? 'file' : 'files']),

  create({ options, ...services }) {
    const aliases = new FileTable(sourceOf(options), services);

    const answer = (table: AliasTable, forwardPath: ForwardPath, context: HookContext) => {
      const expanded = expandAlias(table, forwardPath, options.limit);
      switch (expanded.kind) {
        case 'no-alias':
          return;
        case 'recipients':
          if (expanded.leftOut.length > 0) context.log.info('omitted', { targets: expanded.leftOut });
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
    };

    return {
      start: () => aliases.load(),

      rcpt: ({ recipient: { forwardPath } }, context) =>
        whenThere(aliases.current(), table => answer(table, forwardPath, context)),

      around: swallow,
      surrounds: ['deliver'],
    };
  },
});
