/** What rules can do. */

/** An edit of a header: of the mail's, or of a part's. */
export type HeaderAction =
  | { readonly kind: 'add'; readonly field: string; readonly value: string; readonly at: 'top' | 'bottom' }
  /** The topmost field gets the value and any other of its name goes. Nothing is done where there is none. */
  | { readonly kind: 'replace'; readonly field: string; readonly value: string }
  /** All fields of these names; a name that ends in `*` stands for all that begin so. */
  | { readonly kind: 'remove'; readonly fields: readonly string[] }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** Lines of at most `width` octets where that can be; `null`: one line. */
  | { readonly kind: 'fold'; readonly fields: readonly string[]; readonly width: number | null };

/** Puts text before the subject, unless it is in it already. */
export interface SubjectTagAction {
  readonly kind: 'subjectTag';
  readonly tag: string;
  readonly behindReplyMarks: boolean;
}

export interface FooterAction {
  readonly kind: 'footer';
  readonly text: string;
  /** `null`: the text, as HTML. */
  readonly html: string | null;
  readonly at: 'top' | 'bottom';
  readonly signature: 'above' | 'below';
  /** Where no part is right for it: a part of its own, or nothing. */
  readonly otherwise: 'part' | 'leave';
}

export interface LinksAction {
  readonly kind: 'links';
  /** `null`: defanged. */
  readonly template: string | null;
  /** Domains; their subdomains are meant too. */
  readonly except: readonly string[];
}

export interface StoreAction {
  readonly kind: 'store';
  readonly directory: string;
  readonly url: string;
  readonly text: string;
}

export interface EncodeAction {
  readonly kind: 'encode';
  readonly as: 'base64' | 'quoted-printable' | '8bit' | '7bit';
  /** `null`: as it is. */
  readonly charset: 'utf-8' | null;
}

/** An edit of parts. */
export type PartAction =
  | { readonly kind: 'inPart'; readonly action: HeaderAction }
  | { readonly kind: 'drop' }
  | { readonly kind: 'replaceWith'; readonly text: string; readonly name: string | null }
  | { readonly kind: 'retype'; readonly type: string }
  | { readonly kind: 'renameFile'; readonly to: string }
  | FooterAction
  | LinksAction
  | { readonly kind: 'htmlToText' }
  | { readonly kind: 'addAlternative'; readonly of: 'text' | 'html' }
  | EncodeAction
  | { readonly kind: 'flatten' }
  | { readonly kind: 'replaceExternal'; readonly text: string }
  | StoreAction
  | { readonly kind: 'wrap'; readonly as: 'mixed' | 'message'; readonly text: string | null };

/** The end of the rules for a mail. */
export type VerdictAction =
  | { readonly kind: 'reject'; readonly text: string }
  | { readonly kind: 'hold'; readonly reason: string };

export type Action = HeaderAction | SubjectTagAction | PartAction | VerdictAction;

/** Actions that change what no condition on parts has picked out would hurt: they need one. */
export const NEED_PARTS: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  'inPart',
  'drop',
  'replaceWith',
  'retype',
  'renameFile',
  'encode',
  'store',
]);
