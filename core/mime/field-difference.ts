/** Which fields of a header are new, gone or different. Where several have one name, those that stayed are matched first. */
import { decodeValue } from './encoded-word.ts';
import type { HeaderField } from './header.ts';

/** Values are unfolded, and encoded words stay. */
export type FieldDifference =
  | { readonly kind: 'added' | 'removed'; readonly name: string; readonly value: string }
  | { readonly kind: 'changed'; readonly name: string; readonly value: string; readonly was: string };

type Field = Pick<HeaderField, 'name' | 'value'>;

/** In the order of the header after; what is gone comes last. */
export function fieldDifferences(before: readonly Field[], after: readonly Field[]): readonly FieldDifference[] {
  const gone = byName(before);
  const fresh: Field[] = [];
  // From the bottom: new fields stand on top, and of two that are alike the lower one is the old one.
  for (const field of after.toReversed()) {
    const same = gone.get(keyOf(field)) ?? [];
    const at = same.findLastIndex(one => one.value === field.value);
    if (at === -1) fresh.unshift(field);
    else same.splice(at, 1);
  }
  const news = fresh.toReversed().map((field): FieldDifference => {
    const [name, value] = [field.name, decodeValue(field.value)];
    const old = gone.get(keyOf(field))?.pop();
    return old === undefined
      ? { kind: 'added', name, value }
      : { kind: 'changed', name, value, was: decodeValue(old.value) };
  });
  const removed = [...gone.values()].flat().map(({ name, value }): FieldDifference => {
    return { kind: 'removed', name, value: decodeValue(value) };
  });
  return [...news.reverse(), ...removed];
}

function keyOf({ name }: Field): string {
  return name.toLowerCase();
}

function byName(fields: readonly Field[]): Map<string, Field[]> {
  const named = new Map<string, Field[]>();
  for (const field of fields) {
    const same = named.get(keyOf(field));
    if (same === undefined) named.set(keyOf(field), [field]);
    else same.push(field);
  }
  return named;
}
