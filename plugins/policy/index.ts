/**
 * policy: does one thing to every mail that its `when:` lets through to it. It looks at nothing itself: what holds of a mail
 * other plugins state as facts, and `when:` asks for them.
 */
import {
  applyEdits,
  type Content,
  defer,
  definePlugin,
  discard,
  hold,
  prependField,
  readHeader,
  reject,
  removeFields,
  rewrite,
  signaturesBrokenBy,
  sliceContent,
} from '../../core/index.ts';
import { OPTIONS, type Tag } from './options.ts';

export default definePlugin({
  name: 'policy',
  summary: 'Holds, refuses, defers, discards or tags the mail that its condition lets through.',
  options: OPTIONS,

  create: ({ options }) => ({
    data({ mail: { content } }) {
      switch (options.do) {
        case 'hold':
          return hold(options.reason);
        case 'discard':
          return discard(options.reason);
        case 'reject':
          return reject(550, '5.7.1', options.text, options.reason ?? null);
        case 'defer':
          return defer(451, '4.7.1', options.text, options.reason ?? null);
        case 'tag':
          return tagged(content, options);
        default:
          return options satisfies never;
      }
    },
  }),
});

/** The content with the field on top, and without those of its name that the mail brought: nobody tags his own mail. */
async function tagged(content: Content, { field, value }: Tag) {
  const read = await readHeader(content);
  if (read.kind === 'too-large') return reject(552, '5.3.4', `Header section larger than ${read.limit} octets`);
  const edits = [prependField(read.block, field, value), ...removeFields(read.block, field)];
  const breaks = await signaturesBrokenBy(sliceContent(content, 0, read.block.bodyStart), edits);
  return rewrite(applyEdits(content, edits), [{ what: `tagged with ${field}: ${value}`, breaks }]);
}
