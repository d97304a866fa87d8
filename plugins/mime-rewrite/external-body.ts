/** Parts that only say where their content lies (RFC 2046 section 5.2.3, RFC 2017): clients may fetch it unasked. */
import { type PartOutline, parameter, walkParts } from '../../core/index.ts';
import { type ActionEdit, type Bench, NOTHING, namesOf } from './bench.ts';
import { shown, valuesOf } from './fill.ts';
import { isType } from './places.ts';
import { replacements } from './replace-part.ts';

/** Puts a text in their place that names where the content lies, and that nobody fetches. */
export function replaceExternal(bench: Bench, text: string): ActionEdit {
  const parts = [...(bench.targets ?? walkParts(bench.root))].filter(part => isType(part, 'message/external-body'));
  if (parts.length === 0) return NOTHING;
  const valuesFor = (part: PartOutline) => ({ ...valuesOf(part), where: whereOf(part) });
  return {
    edits: replacements(bench, parts, { text, name: null, valuesOf: valuesFor }),
    what: `replaced the external body of ${namesOf(parts)}`,
  };
}

function whereOf({ type }: PartOutline): string {
  const said = (name: string) => shown(parameter(type, name) ?? '');
  // A URL may be written with blanks, which are none of it (RFC 2017 section 3.1).
  const url = said('url').replaceAll(/\s/g, '');
  if (url !== '') return url;
  const place = [said('site') || said('server'), said('directory'), said('name')].filter(one => one !== '').join(' ');
  return place === '' ? said('access-type') || 'an unknown place' : `${place} (${said('access-type')})`;
}
