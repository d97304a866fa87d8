/** One action of a rule on the parts of a mail: which edits it takes. */
import type { Edit } from '../../core/index.ts';
import type { HeaderAction, PartAction } from './action.ts';
import { addAlternative, htmlAsText } from './alternatives.ts';
import { type ActionEdit, type Bench, namesOf } from './bench.ts';
import { drop } from './drop.ts';
import { encode } from './encode.ts';
import { replaceExternal } from './external-body.ts';
import { flatten } from './flatten.ts';
import { footer } from './footer.ts';
import { headerEdit } from './header-action.ts';
import { links } from './links.ts';
import { inMail } from './part-header.ts';
import { replaceWith } from './replace-part.ts';
import { renameFile, retype } from './retype.ts';
import { store } from './store.ts';
import { noteParts, wrapMailBody, wrapWholeMail } from './wrap.ts';

/** What an action on parts does to the mail on the bench. */
export async function perform(action: PartAction, bench: Bench): Promise<ActionEdit> {
  switch (action.kind) {
    case 'inPart':
      return inParts(bench, action.action);
    case 'drop':
      return drop(bench);
    case 'replaceWith':
      return replaceWith(bench, action.text, action.name);
    case 'retype':
      return retype(bench, action.type);
    case 'renameFile':
      return renameFile(bench, action.to);
    case 'footer':
      return footer(bench, action);
    case 'links':
      return links(bench, action);
    case 'htmlToText':
      return htmlAsText(bench);
    case 'addAlternative':
      return addAlternative(bench, action.of);
    case 'encode':
      return encode(bench, action);
    case 'flatten':
      return flatten(bench);
    case 'replaceExternal':
      return replaceExternal(bench, action.text);
    case 'store':
      return store(bench, action);
    case 'wrap':
      return wrap(bench, action.as, action.text);
  }
}

function inParts({ targets }: Bench, action: HeaderAction): ActionEdit {
  let what = '';
  const edits = (targets ?? []).flatMap((part): readonly Edit[] => {
    const edit = headerEdit(part.header, action);
    if (edit.edits.length > 0) what ||= edit.what;
    return inMail(part, edit.edits);
  });
  return { edits, what: `${what} in ${namesOf(targets ?? [])}` };
}

/** The mail in a multipart/mixed of its own, or as a message in a new mail. */
export function wrap({ root, random }: Bench, as: 'mixed' | 'message', text: string | null): ActionEdit {
  const above = noteParts(text);
  return as === 'mixed'
    ? { edits: wrapMailBody(root, { subtype: 'mixed', above, below: [] }, random), what: 'wrapped what the mail holds' }
    : { edits: wrapWholeMail(root, above, random), what: 'wrapped the whole mail' };
}
