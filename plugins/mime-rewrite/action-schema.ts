/** `do:` as people write it, and the actions that it means. */
import { domainName, linkTemplate, path, z } from '../../core/index.ts';
import type { Action, HeaderAction } from './action.ts';
import { some } from './some.ts';
import { fieldName, fieldValue, line, mediaType, paragraph } from './written-text.ts';

const ONE_ACTION = 'one action is expected, such as add, remove, drop or footer; others start a new entry of the list';

const headerKeys = {
  add: z
    .strictObject({
      field: fieldName,
      value: fieldValue,
      at: z.enum(['top', 'bottom']).default('top').meta({ description: 'Above all fields, or below them.' }),
    })
    .optional()
    .meta({ description: 'Adds a field.', examples: [{ field: 'X-Scanned', value: 'yes' }] }),
  replace: z
    .strictObject({ field: fieldName, value: fieldValue })
    .optional()
    .meta({
      description: 'Gives a field another value where it stands. Does nothing where it is missing.',
      examples: [{ field: 'Reply-To', value: 'desk@example.test' }],
    }),
  remove: some(fieldName)
    .optional()
    .meta({ description: 'Removes all fields of a name; X-Spam-* is all that begin so.', examples: ['X-Spam-*'] }),
  rename: z
    .strictObject({ from: fieldName, to: fieldName })
    .optional()
    .meta({ description: 'Renames a field.', examples: [{ from: 'X-Spam', to: 'X-Old-Spam' }] }),
  fold: z
    .strictObject({
      field: some(fieldName).meta({ description: 'The fields.', examples: ['References', ['To', 'Cc']] }),
      width: z
        .union([z.int().min(20).max(998), z.literal('unfold')])
        .default(78)
        .meta({ description: 'The longest line in octets, or unfold: one line.' }),
    })
    .optional()
    .meta({ description: 'Folds fields anew. Their values stay the same.', examples: [{ field: 'References' }] }),
};

/** Words for actions that need no more than their name. */
const WORDS = ['drop', 'defang', 'htmlToText', 'addAlternative', 'flatten', 'replaceExternal'] as const;

const REPLACED = 'The attachment {name} ({type}, {size}) was removed.';
const EXTERNAL = 'The file {name} is not in this mail. It is said to lie at:\r\n{where}';
const STORED = 'The attachment {name} ({type}, {size}) was stored:\r\n{url}';

const template = z
  .string()
  .refine(isLinkTemplate, 'is no URL with {url}, {base64url} or {host} in it')
  .meta({
    description: 'The new URL, with {url}, {base64url} or {host} of the old one.',
    examples: ['https://check.example.test/?u={url}'],
  });

const except = z
  .array(domainName())
  .default([])
  .meta({ description: 'Domains whose links stay, with their subdomains.', examples: [['example.test']] });

const partKeys = {
  drop: z
    .strictObject({})
    .optional()
    .meta({ description: 'Takes the part out.', examples: [{}] }),
  replaceWith: z
    .strictObject({
      text: paragraph.default(REPLACED).meta({ description: 'With {name}, {type} and {size} of the part.' }),
      name: line
        .max(100)
        .optional()
        .meta({ description: 'Shows the text as a file of this name.', examples: ['removed.txt'] }),
    })
    .optional()
    .meta({ description: 'Puts a text in the place of the part.', examples: [{ text: '{name} was removed.' }] }),
  retype: mediaType
    .refine(type => !/^(?:multipart|message)\//.test(type), 'names parts that are made of parts')
    .optional()
    .meta({ description: 'Gives the part another media type.', examples: ['application/octet-stream'] }),
  renameFile: line
    .min(1)
    .max(100)
    .regex(/^[^/\\]*$/, 'is a path: a file name is expected')
    .optional()
    .meta({
      description: 'Another file name, with {name}, {stem} and {extension} of the old one.',
      examples: ['{name}.txt'],
    }),
  footer: z
    .strictObject({
      text: paragraph.meta({ description: 'For text parts.', examples: ['Sent from outside.'] }),
      html: paragraph
        .optional()
        .meta({ description: 'For HTML parts. Left out: the text.', examples: ['<p>Sent from outside.</p>'] }),
      at: z.enum(['top', 'bottom']).default('bottom').meta({ description: 'Above or below what is written.' }),
      signature: z
        .enum(['above', 'below'])
        .default('above')
        .meta({ description: 'Above or below the lines that begin with "-- ", which clients cut off.' }),
      otherwise: z
        .enum(['part', 'leave'])
        .default('leave')
        .meta({ description: 'Where no text is right for it: a part of its own around what is there, or nothing.' }),
    })
    .optional()
    .meta({ description: 'Puts text into what people read, once.', examples: [{ text: 'Sent from outside.' }] }),
  defang: z
    .strictObject({ except })
    .optional()
    .meta({ description: 'Makes links that nobody follows by accident.', examples: [{ except: ['example.test'] }] }),
  rewriteLinks: z
    .strictObject({ to: template, except })
    .optional()
    .meta({ description: 'Sends links elsewhere.', examples: [{ to: 'https://check.example.test/?u={url}' }] }),
  htmlToText: z
    .strictObject({})
    .optional()
    .meta({ description: 'Turns HTML into text.', examples: [{}] }),
  addAlternative: z
    .strictObject({ of: z.enum(['text', 'html']).default('text').meta({ description: 'What is added.' }) })
    .optional()
    .meta({ description: 'Puts the other form beside a text that stands alone.', examples: [{ of: 'text' }] }),
  encode: z
    .strictObject({
      as: z.enum(['base64', 'quoted-printable', '8bit', '7bit']).meta({ description: 'The transfer encoding.' }),
      charset: z.literal('utf-8').optional().meta({ description: 'Left out: the charset stays.' }),
    })
    .optional()
    .meta({ description: 'Puts the part into another encoding.', examples: [{ as: 'base64' }] }),
  flatten: z
    .strictObject({})
    .optional()
    .meta({ description: 'Removes multiparts that hold nothing together.', examples: [{}] }),
  replaceExternal: z
    .strictObject({
      text: paragraph.default(EXTERNAL).meta({ description: 'With {name}, {type} and {where} of the part.' }),
    })
    .optional()
    .meta({ description: 'Puts a text in the place of parts whose content lies elsewhere.', examples: [{}] }),
  store: z
    .strictObject({
      directory: path().meta({ description: 'The folder that gets the files.', examples: ['./var/attachments'] }),
      url: line.regex(/^[a-z][a-z0-9+.-]*:\/\/\S*\{digest\}\S*$/i, 'is no URL with {digest} in it').meta({
        description: 'The link to a file, with {digest} and {name} of it.',
        examples: ['https://files.example.test/{digest}/{name}'],
      }),
      text: paragraph.default(STORED).meta({ description: 'With {url}, {name}, {type} and {size} of the part.' }),
    })
    .optional()
    .meta({
      description: 'Moves the part into a folder and leaves a link.',
      examples: [{ directory: './var/attachments', url: 'https://files.example.test/{digest}/{name}' }],
    }),
  wrap: z
    .strictObject({
      as: z.enum(['mixed', 'message']).meta({ description: 'What the mail holds, or the whole mail with its header.' }),
      text: paragraph.optional().meta({ description: 'A text above it.', examples: ['This may be spam.'] }),
    })
    .optional()
    .meta({ description: 'Puts the mail into a new one.', examples: [{ as: 'message', text: 'This may be spam.' }] }),
};

/** The actions by name, of which one is written. */
export const action = z.strictObject(
  {
    ...headerKeys,
    subjectTag: z
      .union([
        tag(),
        z.strictObject({
          tag: tag(),
          behindReplyMarks: z
            .boolean()
            .default(false)
            .meta({ description: 'Behind Re:, AW:, Fwd: and the like instead of before them.' }),
        }),
      ])
      .optional()
      .meta({ description: 'Stands before the subject, once.', examples: ['[ext] '] }),
    inPart: z
      .strictObject(headerKeys)
      .transform((written, context) => only(headerActionOf(written), written, context))
      .optional()
      .meta({ description: 'An edit of the header of the part.', examples: [{ remove: 'Content-Location' }] }),
    ...partKeys,
    reject: line
      .min(1)
      .max(400)
      .regex(/^[ -~]*$/, 'goes beyond ASCII: every client must be able to read it')
      .optional()
      .meta({ description: 'Refuses the mail with this text.', examples: ['No.'] }),
    hold: line
      .min(1)
      .max(400)
      .optional()
      .meta({ description: 'Holds the mail for this reason.', examples: ['odd'] }),
  },
  { error: issue => (issue.code === 'invalid_type' ? ONE_ACTION : undefined) },
);

function tag() {
  return fieldValue.max(60).refine(text => text.trim() !== '', 'is empty');
}

type HeaderKeys = { readonly [K in keyof typeof headerKeys]?: z.output<(typeof headerKeys)[K]> };
type Keys = z.output<typeof action>;

const word = z.enum(WORDS).transform((written): Action => only(actionsOf(action.parse({ [written]: {} })), {}, null));
const object = action.transform((written, context): Action => only(actionsOf(written), written, context));

/** One action, or a list of them. */
export const actions = z
  .union([word, object, z.array(z.union([word, object])).min(1)])
  .transform(written => (Array.isArray(written) ? written : [written]));

/** Exactly one was written. */
function only<A>(found: readonly A[], written: object, context: z.core.$RefinementCtx | null): A {
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  // An unknown key has been complained about already, and was most likely meant to be an action.
  if (context?.issues.length === 0) context.issues.push({ code: 'custom', message: ONE_ACTION, input: written });
  return z.NEVER;
}

function headerActionOf({ add, replace, remove, rename, fold }: HeaderKeys): readonly HeaderAction[] {
  const found: HeaderAction[] = [];
  if (add !== undefined) found.push({ kind: 'add', ...add });
  if (replace !== undefined) found.push({ kind: 'replace', ...replace });
  if (remove !== undefined) found.push({ kind: 'remove', fields: remove });
  if (rename !== undefined) found.push({ kind: 'rename', ...rename });
  if (fold !== undefined) {
    found.push({ kind: 'fold', fields: fold.field, width: fold.width === 'unfold' ? null : fold.width });
  }
  return found;
}

function actionsOf(written: Keys): readonly Action[] {
  const { subjectTag, inPart, reject, hold } = written;
  const found: Action[] = [...headerActionOf(written), ...partActionsOf(written)];
  if (typeof subjectTag === 'string') found.push({ kind: 'subjectTag', tag: subjectTag, behindReplyMarks: false });
  else if (subjectTag !== undefined) found.push({ kind: 'subjectTag', ...subjectTag });
  if (inPart !== undefined) found.push({ kind: 'inPart', action: inPart });
  if (reject !== undefined) found.push({ kind: 'reject', text: reject });
  if (hold !== undefined) found.push({ kind: 'hold', reason: hold });
  return found;
}

function partActionsOf(written: Keys): readonly Action[] {
  const { drop, replaceWith, retype, renameFile, footer, defang, rewriteLinks } = written;
  const { htmlToText, addAlternative, encode, flatten, replaceExternal, store, wrap } = written;
  const found: Action[] = [];
  if (drop !== undefined) found.push({ kind: 'drop' });
  if (replaceWith !== undefined)
    found.push({ kind: 'replaceWith', text: replaceWith.text, name: replaceWith.name ?? null });
  if (retype !== undefined) found.push({ kind: 'retype', type: retype });
  if (renameFile !== undefined) found.push({ kind: 'renameFile', to: renameFile });
  if (footer !== undefined) found.push({ kind: 'footer', ...footer, html: footer.html ?? null });
  if (defang !== undefined) found.push({ kind: 'links', template: null, except: defang.except });
  if (rewriteLinks !== undefined) found.push({ kind: 'links', template: rewriteLinks.to, except: rewriteLinks.except });
  if (htmlToText !== undefined) found.push({ kind: 'htmlToText' });
  if (addAlternative !== undefined) found.push({ kind: 'addAlternative', of: addAlternative.of });
  if (encode !== undefined) found.push({ kind: 'encode', as: encode.as, charset: encode.charset ?? null });
  if (flatten !== undefined) found.push({ kind: 'flatten' });
  if (replaceExternal !== undefined) found.push({ kind: 'replaceExternal', text: replaceExternal.text });
  if (store !== undefined) found.push({ kind: 'store', ...store });
  if (wrap !== undefined) found.push({ kind: 'wrap', as: wrap.as, text: wrap.text ?? null });
  return found;
}

function isLinkTemplate(text: string): boolean {
  try {
    linkTemplate(text);
    return true;
  } catch {
    return false;
  }
}
