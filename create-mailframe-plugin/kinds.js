/** The kinds of plugins that there are templates for. Each is a folder below `template/`. */

/** @typedef {'recipient' | 'content' | 'transport' | 'middleware' | 'observer'} Kind */

/** @type {Readonly<Record<Kind, string>>} What a plugin of the kind does. */
export const KINDS = {
  recipient: 'decides about recipients (hook rcpt)',
  content: 'looks at the content, and may rewrite it (hook data)',
  transport: 'delivers mail (hook deliver)',
  middleware: 'stands around the calls of other plugins (around)',
  observer: 'is told what became of mail (observe)',
};

/**
 * @param {string} text
 * @returns {text is Kind}
 */
export function isKind(text) {
  return Object.hasOwn(KINDS, text);
}
