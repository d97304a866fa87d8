/** The TXT record by which a domain says that it has an MTA-STS policy (RFC 8461 section 3.1). */

const RECORD = /^v=STSv1[ \t]*;/;
const ID = /^id[ \t]*=[ \t]*([a-z0-9]{1,32})$/i;

/** The id of the policy, or `null`: other records do not count, and more than one that does is none. */
export function stsIdIn(records: readonly string[]): string | null {
  const [record, ...others] = records.filter(text => RECORD.test(text));
  if (record === undefined || others.length > 0) return null;
  const ids = record.split(';').flatMap(field => ID.exec(field.trim())?.[1] ?? []);
  return ids[0] ?? null;
}
