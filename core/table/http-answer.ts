/** What a web service answered, as values. */

/**
 * The values in the body of an answer; none where it says that there is none: `null`, or an empty list.
 * @param at where they are, as names with dots between; `null`: the body itself, or under `values`
 * @throws Error where the body is not what was agreed on
 */
export function valuesIn(body: Buffer, at: string | null): readonly string[] {
  const json = parse(body);
  const found = at === null ? usual(json) : reached(json, at.split('.'));
  if (found === undefined) throw new Error(`its answer has nothing at ${at ?? 'values'}`);
  if (found === null) return [];
  if (typeof found === 'string') return [found];
  if (Array.isArray(found) && found.every(one => typeof one === 'string')) return found;
  throw new Error(`its answer has ${nounOf(found)} at ${at ?? 'values'}: a text or a list of texts is expected`);
}

/** Reads the body of an answer. @throws Error where it is longer than that many octets */
export async function bodyOf(answer: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer) {
    length += piece.length;
    if (length > most) throw new RangeError(`its answer is longer than ${most} octets`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    throw new Error('its answer is no JSON');
  }
}

function usual(json: unknown): unknown {
  return isMapping(json) ? reached(json, ['values']) : json;
}

function reached(json: unknown, names: readonly string[]): unknown {
  let value = json;
  for (const name of names) {
    if (value === null) return null;
    if (!isMapping(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nounOf(value: unknown): string {
  return Array.isArray(value) ? 'a list with something else than texts' : `a ${typeof value}`;
}
