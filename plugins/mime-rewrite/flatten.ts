/** Multiparts that hold nothing together: those of one part, and mixed ones in mixed ones. */
import { type Edit, type PartOutline, walkParts } from '../../core/index.ts';
import { type ActionEdit, type Bench, namesOf } from './bench.ts';
import { described, ended, type Standing } from './new-part.ts';
import { describingFields } from './part-header.ts';
import { isMail, isType, lineEndBefore, parentsIn } from './places.ts';

/** Their parts mean the same without them. In others the place of a part says what it is. */
const LOOSE: ReadonlySet<string> = new Set(['mixed', 'alternative', 'related', 'parallel']);

/** `targets`: these multiparts, or all. What is left of a multipart of one part is that part, body and all. */
export function flatten({ root, targets }: Bench): ActionEdit {
  const parents = parentsIn(root);
  const meant = new Set(targets ?? walkParts(root));
  const loose = [...meant].filter(part => part.type.type === 'multipart' && LOOSE.has(part.type.subtype));
  const single = new Set(loose.filter(({ children }) => children.length === 1));
  // Of a chain of multiparts of one part the outermost is replaced by what the innermost holds.
  const heads = [...single].filter(part => {
    const parent = parents.get(part);
    return parent === undefined || !single.has(parent);
  });
  const mixed = new Set(loose.filter(part => !single.has(part) && isType(part, 'multipart/mixed')));
  const kept = [...mixed].filter(part => {
    const parent = parents.get(part);
    const isOuter = parent !== undefined && isType(parent, 'multipart/mixed') && !single.has(parent);
    return isOuter && !isMerged(parent, mixed, parents);
  });
  const edits = [
    ...heads.flatMap(part =>
      unwrapped(part, heldBy(part, single), { root, isMail: isMail(part, parents.get(part) ?? null) }),
    ),
    ...kept.flatMap(part => spliced(part, parents.get(part)?.multipart?.boundary ?? '', root)),
  ];
  return { edits, what: `flattened ${namesOf([...heads, ...kept])}` };
}

/** Whether a multipart gives its own boundary up for that of the one around it. */
function isMerged(
  part: PartOutline,
  mixed: ReadonlySet<PartOutline>,
  parents: ReadonlyMap<PartOutline, PartOutline>,
): boolean {
  const parent = parents.get(part);
  return mixed.has(part) && parent !== undefined && isType(parent, 'multipart/mixed');
}

function heldBy(part: PartOutline, single: ReadonlySet<PartOutline>): PartOutline {
  let inner = part;
  while (single.has(inner)) inner = inner.children[0] ?? inner;
  return inner;
}

function unwrapped(part: PartOutline, inner: PartOutline, { root, isMail }: Standing): readonly Edit[] {
  const nothing = Buffer.alloc(0);
  const ending = inner.end === part.end ? nothing : lineEndBefore(root, part.end);
  const behind = { start: inner.end, end: part.end, replacement: ending };
  if (!isMail) return [{ start: part.start, end: inner.start, replacement: nothing }, behind];
  const own = describingFields(inner.header).map(({ raw }) => ended(raw));
  const header = described(part.header, []);
  const replacement = Buffer.concat([header.subarray(0, -2), ...own, Buffer.from('\r\n')]);
  return [{ start: part.start, end: inner.bodyStart, replacement }, behind];
}

/** The parts of the inner multipart become parts of the outer one: its boundary lines become theirs. */
function spliced(part: PartOutline, outer: string, root: PartOutline): readonly Edit[] {
  const { multipart, children } = part;
  const [first] = children;
  if (multipart === null || first === undefined) return [];
  const line = Buffer.from(`--${outer}\r\n`, 'latin1');
  const end = multipart.close?.start ?? part.end;
  return [
    { start: part.start, end: first.start, replacement: Buffer.alloc(0) },
    ...multipart.delimiters.slice(1).map(({ line: start, end }) => ({ start, end, replacement: line })),
    { start: end, end: part.end, replacement: end === part.end ? Buffer.alloc(0) : lineEndBefore(root, part.end) },
  ];
}
