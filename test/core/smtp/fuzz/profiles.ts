/** Listeners of different minds, each with what the reference must know of it. */
import { MECHANISMS } from '../../../../core/mail/mechanism.ts';
import type { ListenerOptions } from '../../../../core/smtp/options.ts';
import { selfSigned } from '../../../support/certificate.ts';
import type { GatewaySetting } from '../gateway.ts';
import { LIMITS } from '../gateway.ts';
import { mounted } from '../plugins.ts';
import { actingPlugin, MOVES_PLUGINS } from './acting-plugin.ts';
import type { Traits } from './dialogue.ts';
import type { Rules } from './rules.ts';

export interface Profile {
  readonly name: string;
  readonly traits: Traits;
  readonly rules: Rules;
  setting(): GatewaySetting;
  /** Whether a commit of this number takes its time, or fails. */
  readonly disk: 'quick' | 'moody';
  /** How much time passes in one turn of the event loop, in milliseconds of the manual clock. */
  readonly pace: number;
}

const MAX_SIZE = 8000;
const LOGIN = `AUTH PLAIN ${Buffer.from('\0ann\0correct horse').toString('base64')}`;

const TRAITS: Traits = {
  protocol: 'smtp',
  login: null,
  chunking: true,
  impatient: false,
  proxied: false,
  large: false,
  binary: false,
};

const RULES: Rules = {
  protocol: 'smtp',
  chunking: true,
  bareNewline: 'reject',
  commandLine: LIMITS.commandLine,
  patience: {
    errors: LIMITS.errors,
    commands: LIMITS.commands,
    unknownCommands: LIMITS.unknownCommands,
    failedLogins: LIMITS.failedLogins,
    transactions: LIMITS.transactions,
  },
  moody: false,
  takesAnybody: true,
  fitness: content => (content.length <= MAX_SIZE ? 'taken' : 'refused'),
  use: () => 'kept',
};

interface Variation {
  readonly traits?: Partial<Traits>;
  readonly rules?: Partial<Rules>;
  readonly options?: Partial<ListenerOptions>;
  readonly limits?: GatewaySetting['limits'];
  readonly plugins?: () => GatewaySetting['links'];
  readonly disk?: Profile['disk'];
  readonly pace?: number;
}

function profile(name: string, it: Variation = {}): Profile {
  const { plugins = () => mounted('our-domains', 'no-such-mailbox', 'staff-is-ann-and-bob') } = it;
  return {
    name,
    traits: { ...TRAITS, ...it.traits },
    rules: { ...RULES, ...it.rules },
    disk: it.disk ?? 'quick',
    pace: it.pace ?? 1,
    setting: () => ({
      options: { maxSize: MAX_SIZE, ...it.options },
      limits: it.limits ?? {},
      links: plugins() ?? [],
    }),
  };
}

/** A listener that is never fed up: for tests of content alone. */
export function patientProfile(bareNewline: Rules['bareNewline']): Profile {
  const many = 1_000_000;
  return profile(`patient, ${bareNewline}`, {
    options: { bareNewline, maxSize: many },
    limits: { errors: many, commands: many, transactions: many, unknownCommands: many },
    rules: {
      bareNewline,
      fitness: () => 'taken',
      patience: { ...RULES.patience, errors: many, commands: many, transactions: many, unknownCommands: many },
    },
  });
}

/** Words that the acting plugin hears in content. The first one counts. */
const firstWord = (content: string) => MOVES_PLUGINS.exec(content)?.[0] ?? '';

/** All of them, in the order in which they take turns. */
export const PROFILES: readonly Profile[] = [
  profile('strict'),
  profile('normalize', { rules: { bareNewline: 'normalize' }, options: { bareNewline: 'normalize' } }),
  profile('moody plugins', {
    rules: {
      moody: true,
      takesAnybody: false,
      fitness: content => {
        if (content.length > MAX_SIZE) return 'refused';
        return /^(?:VIRUS|THROW|HANG|NONSENSE)$/.test(firstWord(content)) ? 'refused' : 'taken';
      },
      use: content => {
        const word = firstWord(content);
        return word === 'JUNK' ? 'discarded' : word === 'REWRITE' ? 'marked' : 'kept';
      },
    },
    options: { auth: 'optional', allowPlaintextAuth: true },
    plugins: () => [actingPlugin()],
  }),
  profile('auth', {
    traits: { login: LOGIN },
    options: { auth: 'optional', allowPlaintextAuth: true, role: 'submission', mechanisms: MECHANISMS },
    plugins: () =>
      mounted(
        'our-domains',
        'ann-may-log-in',
        'stores-secrets',
        'knows-tokens',
        'relay-for-users',
        'strict-for-one-domain',
      ),
    rules: { takesAnybody: false, fitness: () => 'either' },
  }),
  profile('auth required', {
    traits: { login: LOGIN },
    options: { auth: 'required', allowPlaintextAuth: true },
    plugins: () => mounted('ann-may-log-in', 'relay-for-users'),
    rules: { takesAnybody: false },
  }),
  profile('binary', {
    options: { binaryMime: 'encode' },
    traits: { binary: true },
    rules: { takesAnybody: false, fitness: () => 'either' },
  }),
  profile('front', {
    options: { trust: { proxy: [], xclient: ['127.0.0.1'], xforward: ['127.0.0.1'] } },
    rules: { takesAnybody: false },
    plugins: () => mounted('our-domains', 'no-listed-clients', 'no-such-mailbox'),
  }),
  profile('proxied', {
    options: { trust: { proxy: ['127.0.0.1'], xclient: [], xforward: [] } },
    traits: { proxied: true },
  }),
  profile('starttls', {
    options: { auth: 'optional', tls: { mode: 'starttls', ...selfSigned('mx.example.test'), minVersion: 'TLSv1.2' } },
  }),
  profile('tight limits', {
    options: { maxSize: 300 },
    limits: { recipients: 2, errors: 3, commands: 8, transactions: 2, unknownCommands: 2, commandLine: 512 },
    rules: {
      takesAnybody: false,
      commandLine: 512,
      patience: { errors: 3, commands: 8, unknownCommands: 2, failedLogins: LIMITS.failedLogins, transactions: 2 },
      fitness: content => (content.length <= 300 ? 'either' : 'refused'),
    },
  }),
  profile('lmtp', {
    options: { protocol: 'lmtp' },
    traits: { protocol: 'lmtp' },
    rules: { protocol: 'lmtp', takesAnybody: false, fitness: () => 'either' },
    plugins: () => mounted('our-domains', 'strict-for-one-domain', 'no-such-mailbox', 'staff-is-ann-and-bob'),
  }),
  profile('impatient', {
    pace: 20,
    traits: { impatient: true },
    limits: { idle: 2000, command: 3000, session: 20_000, greetingPause: 50, contentRate: 1000 },
    rules: { moody: true, takesAnybody: false },
  }),
  profile('moody disk', {
    disk: 'moody',
    options: { maxSize: 2_000_000 },
    traits: { large: true },
    rules: { fitness: () => 'either' },
  }),
];
