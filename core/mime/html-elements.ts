/** The elements of HTML as blocks of text: which end a line, which stand apart, which end which (HTML Standard, section 13.1). */

/** They never have an end tag. */
export const VOID: ReadonlySet<string> = new Set(
  'area base br col embed hr img input link meta param source track wbr basefont bgsound frame keygen'.split(' '),
);
/** They stand between empty lines. */
export const PARAGRAPHS: ReadonlySet<string> = new Set(
  'p h1 h2 h3 h4 h5 h6 ul ol dl pre blockquote table fieldset figure hr menu listing xmp'.split(' '),
);
/** They stand on lines of their own. */
export const BLOCKS: ReadonlySet<string> = new Set(
  'address article aside body button caption center dd details dialog dir div dt figcaption footer form head header hgroup html legend li main nav section summary tbody tfoot thead tr'.split(
    ' ',
  ),
);
/** What a start tag ends where it is still open, and what it does not look behind. */
export const IMPLIED_ENDS: ReadonlyMap<
  string,
  { readonly ends: ReadonlySet<string>; readonly within: ReadonlySet<string> }
> = new Map([
  ['li', { ends: new Set(['li']), within: new Set(['ul', 'ol', 'menu', 'dir']) }],
  ['dt', { ends: new Set(['dt', 'dd']), within: new Set(['dl']) }],
  ['dd', { ends: new Set(['dt', 'dd']), within: new Set(['dl']) }],
  ['td', { ends: new Set(['td', 'th']), within: new Set(['table', 'tr']) }],
  ['th', { ends: new Set(['td', 'th']), within: new Set(['table', 'tr']) }],
  ['tr', { ends: new Set(['tr']), within: new Set(['table']) }],
]);

/** What an end tag from within does not end: the cells and tables that it stands in. */
export const CELLS: ReadonlySet<string> = new Set(['td', 'th', 'table']);
/** End tags that may end cells. */
export const TABLE_PARTS: ReadonlySet<string> = new Set('table thead tbody tfoot tr td th caption'.split(' '));
/** Blocks that come one below the other as the items of a list do. */
export const LISTS: ReadonlySet<string> = new Set(['ul', 'ol', 'menu', 'dir']);

/** Whether an element ends the line that it starts in. */
export function isBlock(name: string): boolean {
  return PARAGRAPHS.has(name) || BLOCKS.has(name);
}
