/** Edits mail by rules. So far its header: fields are added, replaced, removed and renamed, and subjects tagged. */
import { definePlugin, readHeader, reject, rewrite } from '../../core/index.ts';
import { OPTIONS } from './options.ts';
import { rewriteBy } from './rewriting.ts';

export default definePlugin({
  name: 'mime-rewrite',
  summary: 'Edits header fields by rules, and says which signatures that breaks.',
  options: OPTIONS,

  create: ({ options: { rules } }) => ({
    async data({ mail: { content } }, { log }) {
      const read = await readHeader(content);
      if (read.kind === 'too-large') return reject(552, '5.3.4', `Header section larger than ${read.limit} octets`);
      const result = await rewriteBy(rules, { content, header: read.block }, (rule, breaks) =>
        log.info('skipped', { rule: rule.name, breaks }),
      );
      switch (result.kind) {
        case 'unchanged':
          return;
        case 'refused':
          return reject(
            554,
            '5.6.2',
            'Signed mail cannot be changed as our policy demands',
            `${result.rule.name} would break ${result.breaks.join(', ')}`,
          );
        case 'changed':
          return rewrite(result.content, result.changes);
      }
    },
  }),
});
