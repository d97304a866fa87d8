/** Names of plugins: what npm takes for the name of a package, and what `use:` makes of it. */

/**
 * @typedef {object} Name
 * @property {string} short As in `use:`, without a scope: `greylist`.
 * @property {string} use As in `use:`: `greylist`, `@me/greylist`.
 * @property {string} package `mailframe-plugin-greylist`, `@me/mailframe-plugin-greylist`.
 */

const PREFIX = 'mailframe-plugin-';
/** The most that npm takes. */
const LONGEST = 214;

/** Plugins that come with mailframe: `use:` finds these before any package. A test holds the list. */
export const BUILT_IN = [
  'alias-expansion',
  'lmtp-delivery',
  'maildir-delivery',
  'mbox-delivery',
  'mime-rewrite',
  'mx-routing',
  'pgp-decrypt',
  'pgp-encrypt',
  'pgp-sign',
  'pgp-verify',
  'pipe-delivery',
  'policy',
  'relay-policy',
  'sender-rewriting',
  'smtp-relay',
  'users',
];

/**
 * Reads `greylist`, `mailframe-plugin-greylist`, or either of them in a scope.
 * @param {string} written
 * @returns {Name | string} A sentence where it can be no name.
 */
export function parseName(written) {
  const [, scope = '', whole = ''] = /^(@[^/]*\/)?(.*)$/s.exec(written.trim()) ?? [];
  const short = whole.startsWith(PREFIX) ? whole.slice(PREFIX.length) : whole;
  if (short === '') return 'a name is expected, such as "greylist"';
  const isSound = /^[a-z0-9][a-z0-9._-]*$/.test(short) && (scope === '' || /^@[a-z0-9][a-z0-9._-]*\/$/.test(scope));
  if (!isSound) {
    return `${JSON.stringify(written)} can be no name: small letters, digits and hyphens are expected, such as "greylist" or "@me/greylist"`;
  }
  if (scope === '' && BUILT_IN.includes(short)) {
    return `"${short}" comes with mailframe, and would be found in the place of yours: another name is needed`;
  }
  const name = { short, use: `${scope}${short}`, package: `${scope}${PREFIX}${short}` };
  return name.package.length > LONGEST ? `the name is longer than the ${LONGEST} characters that npm takes` : name;
}
