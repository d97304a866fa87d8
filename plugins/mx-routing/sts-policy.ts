/** An MTA-STS policy: its text, and which hosts it names (RFC 8461 sections 3.2 and 4.1). */

export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** `mx.example.test`, or `*.example.test` for names with one label more. In lower case. */
  readonly mx: readonly string[];
  /** In seconds. */
  readonly maxAge: number;
}

/** A year, in seconds. */
const LONGEST_AGE = 31_557_600;
const FIELD = /^([a-z0-9][a-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*$/i;
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const MX = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);

/** Reads a policy. @returns `null` where it is none: something is missing, or wrong */
export function parseStsPolicy(text: string): StsPolicy | null {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '');
  const fields = lines.map(line => FIELD.exec(line));
  if (fields.includes(null)) return null;
  const all = (name: string) => fields.flatMap(field => (field?.[1] === name ? [field[2] ?? ''] : []));
  // Of what should stand there once, the first one counts.
  const [version] = all('version');
  const [mode] = all('mode');
  const [age = ''] = all('max_age');
  const mx = all('mx').map(pattern => pattern.toLowerCase().replace(/\.$/, ''));
  if (version !== 'STSv1' || !isMode(mode) || !/^\d{1,10}$/.test(age)) return null;
  if (!mx.every(pattern => MX.test(pattern)) || (mx.length === 0 && mode !== 'none')) return null;
  return { mode, mx, maxAge: Math.min(Number(age), LONGEST_AGE) };
}

function isMode(text: string | undefined): text is StsPolicy['mode'] {
  return text === 'enforce' || text === 'testing' || text === 'none';
}

/** Whether a policy names a host. */
export function namesHost({ mx }: StsPolicy, host: string): boolean {
  return mx.some(pattern => matchesPattern(pattern, host));
}

/** A wildcard stands for the leftmost label as a whole, and for no more. */
export function matchesPattern(pattern: string, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (!pattern.startsWith('*.')) return name === pattern;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}
