/** Parts that are called something else: by their media type, and by their file name. */
import {
  applyEditsTo,
  type Edit,
  type HeaderField,
  type PartOutline,
  parseHeader,
  parseParameterized,
  setParameter,
} from '../../core/index.ts';
import { type ActionEdit, type Bench, nameOf, namesOf } from './bench.ts';
import { fill, shown } from './fill.ts';
import { inMail, setType } from './part-header.ts';
import { namesIn, namingFields } from './places.ts';

/** Gives leaves another media type. Their parameters, and so their file names, keep their octets. */
export function retype({ targets }: Bench, type: string): ActionEdit {
  const parts = targets ?? [];
  const leaves = parts.filter(part => part.children.length === 0 && `${part.type.type}/${part.type.subtype}` !== type);
  const undone = parts.filter(part => part.children.length > 0).map(part => `${nameOf(part)} is made of parts`);
  const edits = leaves.flatMap(part => inMail(part, setType(part.header, type)));
  return { edits, what: `called ${namesOf(leaves)} ${type}`, undone };
}

/** Gives files another name, in every form in which a client may look for it. */
export function renameFile({ targets }: Bench, to: string): ActionEdit {
  const named = (targets ?? []).filter(part => namesIn(part).length > 0);
  const edits = named.flatMap(part => renamed(part, to));
  return { edits, what: `renamed the file of ${namesOf(named)}` };
}

function renamed(part: PartOutline, to: string): readonly Edit[] {
  const old = shown(namesIn(part)[0] ?? '');
  const dot = old.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [old.slice(0, dot), old.slice(dot)] : [old, ''];
  const name = fill(to, { name: old, stem, extension }).trim();
  return inMail(
    part,
    namingFields(part.header).map(field => renamedIn(field, name)),
  );
}

/** One parameter after the other: their edits may meet. */
function renamedIn(field: HeaderField, name: string): Edit {
  let replacement = field.raw;
  for (const parameter of ['filename', 'name']) {
    const [current] = parseHeader(replacement).fields;
    const has =
      current !== undefined && parseParameterized(current.value).parameters.some(one => one.name === parameter);
    if (has) replacement = applyEditsTo(replacement, setParameter(current, parameter, name));
  }
  return { start: field.start, end: field.end, replacement };
}
