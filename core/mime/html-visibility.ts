/** Whether an element is there to be seen: the ways in which mail hides text from its readers. */
import { attributeOf, type StartTag } from './html-tokens.ts';
import { withoutReferences } from './shown-text.ts';

/** Elements whose text is not shown in its place, or not at all. */
const INVISIBLE: ReadonlySet<string> = new Set([
  'template',
  'select',
  'datalist',
  'object',
  'audio',
  'video',
  'canvas',
  'svg',
  'math',
]);
const ZERO = /^0*(?:\.0*)?(?:[a-z]+|%)?$/;

/**
 * Whether a tag starts something that is hidden: by its name, by `hidden`, or by its own style (`display: none`, no size,
 * no height, transparent). What a style sheet hides is not known here.
 */
export function isHidden(html: string, tag: StartTag): boolean {
  if (INVISIBLE.has(tag.name) || attributeOf(html, tag, 'hidden') !== null) return true;
  const style = tag.attributes.find(({ name }) => name === 'style');
  return style !== undefined && isHiddenByStyle(withoutReferences(html, style.start, style.end, 'attribute').text);
}

function isHiddenByStyle(style: string): boolean {
  const declarations = new Map<string, string>();
  for (const declaration of withoutComments(style).toLowerCase().split(';')) {
    const colon = declaration.indexOf(':');
    if (colon === -1) continue;
    const value = declaration
      .slice(colon + 1)
      .replace('!important', '')
      .trim();
    declarations.set(declaration.slice(0, colon).trim(), value);
  }
  const is = (name: string, pattern: RegExp) => pattern.test(declarations.get(name) ?? 'none given');
  const isFlat = is('height', ZERO) || is('max-height', ZERO);
  return (
    is('display', /^none$/) ||
    is('visibility', /^(?:hidden|collapse)$/) ||
    is('font-size', ZERO) ||
    is('opacity', ZERO) ||
    (isFlat && is('overflow', /^hidden$/))
  );
}

/** A pattern would take quadratic time for comments that do not end. */
function withoutComments(css: string): string {
  const [start = '', ...comments] = css.split('/*');
  return start + comments.map(comment => comment.split('*/').slice(1).join('*/')).join('');
}
