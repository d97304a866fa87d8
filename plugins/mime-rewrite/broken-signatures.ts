/** Which signatures rules may break, as far as their actions tell: the edit itself says it of each mail. */
import type { Handling, SignatureKind } from '../../core/index.ts';
import type { Action } from './action.ts';
import type { Rule } from './rule.ts';

const ALL: readonly SignatureKind[] = ['DKIM', 'OpenPGP', 'S/MIME'];
const HEADER_ALONE: readonly SignatureKind[] = ['DKIM'];
/** What is usually signed of a header (RFC 6376 section 5.4). */
const SIGNED_FIELDS =
  /^(?:from|to|cc|subject|date|reply-to|sender|message-id|in-reply-to|references|mime-version|content-.*|list-.*|resent-.*)$/i;

/** What mime-rewrite does to signatures. */
export function handlingsOf(rules: readonly Rule[]): readonly Handling[] {
  const broken = new Set(rules.flatMap(brokenBy));
  return broken.size === 0 ? [] : [{ does: 'breaks', signatures: ALL.filter(kind => broken.has(kind)) }];
}

function brokenBy({ actions, signed }: Rule): readonly SignatureKind[] {
  switch (signed) {
    case 'skip':
    case 'refuse':
    case 'wrap-message':
      return [];
    case 'wrap-mixed':
      return HEADER_ALONE;
    case 'edit':
      return actions.flatMap(brokenByAction);
    default:
      return signed satisfies never;
  }
}

function brokenByAction(action: Action): readonly SignatureKind[] {
  switch (action.kind) {
    case 'reject':
    case 'hold':
    case 'add':
      return [];
    case 'subjectTag':
      return HEADER_ALONE;
    case 'replace':
      return fieldsAmong([action.field]);
    case 'rename':
      return fieldsAmong([action.from]);
    case 'remove':
    case 'fold':
      return fieldsAmong(action.fields);
    case 'wrap':
      return action.as === 'message' ? [] : HEADER_ALONE;
    default:
      return ALL;
  }
}

/** A name that ends in `*` may stand for one that is signed. */
function fieldsAmong(fields: readonly string[]): readonly SignatureKind[] {
  return fields.some(field => SIGNED_FIELDS.test(field) || (field.endsWith('*') && !/^x-/i.test(field)))
    ? HEADER_ALONE
    : [];
}
