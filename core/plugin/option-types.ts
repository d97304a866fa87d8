/**
 * Types of options that mail needs again and again, as zod schemas.
 *
 * Each reads what people write, gives a canonical value or one sentence about what is wrong, and shows in the JSON
 * Schema what may be written, so that editors complete and check it.
 */
import { z } from 'zod';
import type { Mailbox } from '../mail/address.ts';
import { parseAddressPattern } from '../mail/address-pattern.ts';
import type { AddressPattern } from '../mail/condition.ts';
import type { Rate } from '../mail/destination.ts';
import { parseDomain } from '../mail/domain.ts';
import { parseHost } from '../mail/host.ts';
import { parseIpAddress } from '../mail/ip-address.ts';
import { parseMailbox } from '../mail/path.ts';
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
  RATE_PATTERN,
  SIZE_PATTERN,
} from '../mail/quantity.ts';
import type { Host } from '../mail/route.ts';
import { Secret } from './secret.ts';

const SIZE = 'a size is expected, such as "25 MiB" or a number of octets';
const DURATION = 'a duration with its unit is expected, such as "30 s", "5 min", "4 h" or "5 days"';
const RATE = 'a rate is expected, such as "100 / min" or "5 / s"';
const DOMAIN = 'a domain name is expected, such as "example.test"';
const MAILBOX = 'a mailbox is expected, such as "ann@example.test"';
const PATTERN = 'an address, "@domain", "@.domain" for its subdomains, "<>" or "*" is expected';
const RANGE = 'an IP address or a range such as "192.0.2.0/24" or "2001:db8::/32" is expected';
const ADDRESS = 'an IP address is expected, such as "127.0.0.1" or "::1"';
const HOST = 'a host is expected, such as "mail.example.test:25" or "[192.0.2.10]:25"';
const PATH = 'a path is expected, such as "./aliases"';
const SECRET = 'a secret is expected: write !secret FILE or !env NAME';

/** The least and the most that a quantity may be, both included. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Timers of Node cannot wait longer. In milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A size, in octets: `25 MiB`, `256 KB`, or a number of octets.
 * @example z.strictObject({ maxSize: size({ max: 1024 ** 3 }).default(25 * 1024 ** 2) })
 */
export function size(bounds: Bounds = {}) {
  return z
    .union([z.int().min(0), z.string().meta(shaped(SIZE_PATTERN, SIZE))], {
      error: issue => missingOr(issue.input, SIZE),
    })
    .meta({
      description: 'A size: a number with KB, MB, GB, KiB, MiB or GiB, or a number of octets.',
      examples: ['25 MiB'],
    })
    .transform((written, context) => {
      const octets = typeof written === 'number' ? written : parseSize(written);
      return octets === null ? refuse(context, SIZE) : within(octets, bounds, formatSize, context);
    });
}

/**
 * A duration, in milliseconds: `30 s`, `5 min`, `4 h`, `5 days`. Always with its unit.
 * @example z.strictObject({ timeout: duration({ max: LONGEST_TIMER }).default(30_000) })
 */
export function duration(bounds: Bounds = {}) {
  return textType(
    (text, context) => {
      const milliseconds = parseDuration(text);
      return milliseconds === null ? refuse(context, DURATION) : within(milliseconds, bounds, formatDuration, context);
    },
    {
      wanted: DURATION,
      description: 'A duration: a number with ms, s, min, h or days.',
      example: '5 min',
      pattern: DURATION_PATTERN,
    },
  );
}

/**
 * A rate: `100 / min`, `5 / s`, `1000 / 2 h`.
 * @example z.strictObject({ rate: rate().optional() })
 */
export function rate(): z.ZodType<Rate, string> {
  return textType((text, context) => parseRate(text) ?? refuse(context, RATE), {
    wanted: RATE,
    description: 'A rate: a number, a slash, and a time: a unit or a duration.',
    example: '100 / min',
    pattern: RATE_PATTERN,
  });
}

/** A domain name in its canonical form: lower case, A-labels. No address literal. */
export function domainName() {
  return textType(
    (text, context) => {
      const domain = parseDomain(text);
      return domain === null || domain.startsWith('[') ? refuse(context, DOMAIN) : domain;
    },
    { wanted: DOMAIN, description: 'A domain name.', example: 'example.test' },
  );
}

/** One mailbox: `ann@example.test`. */
export function mailbox(): z.ZodType<Mailbox, string> {
  return textType((text, context) => parseMailbox(text) ?? refuse(context, MAILBOX), {
    wanted: MAILBOX,
    description: 'A mailbox.',
    example: 'ann@example.test',
  });
}

/** Which addresses are meant: `ann@example.test`, `@example.test`, `@.example.test`, `<>` or `*`. */
export function addressPattern(): z.ZodType<AddressPattern, string> {
  return textType((text, context) => parseAddressPattern(text) ?? refuse(context, PATTERN), {
    wanted: PATTERN,
    description: 'Addresses: one mailbox, a domain (@example.test), its subdomains (@.example.test), <> or *.',
    example: '@example.test',
  });
}

/** An IP address or a range in CIDR notation, in canonical form: `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.1`. */
export function cidr() {
  return textType((text, context) => parseCidr(text) ?? refuse(context, RANGE), {
    wanted: RANGE,
    description: 'An IP address, or a range of them in CIDR notation.',
    example: '192.0.2.0/24',
  });
}

/** An IP address in canonical form. */
export function ipAddress() {
  return textType((text, context) => parseIpAddress(text) ?? refuse(context, ADDRESS), {
    wanted: ADDRESS,
    description: 'An IP address.',
    example: '127.0.0.1',
  });
}

/** A machine and its port: `mail.example.test`, `mail.example.test:587`, `[192.0.2.10]:25`. Port 25 where none is given. */
export function hostPort(): z.ZodType<Host, string> {
  return textType(
    (text, context) => {
      const found = parseHost(text);
      return found.kind === 'host' ? found.host : refuse(context, `${HOST}: ${found.reason}`);
    },
    { wanted: HOST, description: 'A host name or an IP address in brackets, and a port.', example: '[192.0.2.10]:25' },
  );
}

/** A path of the file system, relative to the folder of the configuration. `Files.resolve` makes it absolute. */
export function path() {
  return textType((text, context) => (text === '' || text.includes('\u0000') ? refuse(context, PATH) : text), {
    wanted: PATH,
    description: 'A path, relative to the folder of the configuration.',
    example: null,
  });
}

/**
 * A secret: `!secret FILE`, `!env NAME`, or text. The plugin gets a `Secret`, which nothing shows by accident.
 * @example z.strictObject({ password: secret() }) // later: options.password.reveal()
 */
export function secret(): z.ZodType<Secret, string | Secret> {
  const read = (written: unknown) => (written instanceof Secret ? written : new Secret(String(written)));
  // Digits alone are read as a number where they come from `!env`.
  return z
    .unknown()
    .refine(written => written instanceof Secret || typeof written === 'string' || typeof written === 'number', {
      error: issue => missingOr(issue.input, SECRET),
    })
    .transform(read)
    .pipe(z.instanceof(Secret).refine(value => value.reveal() !== '', 'the secret is empty'))
    .meta({ type: 'string', description: 'A secret: write !secret FILE or !env NAME.' }) as unknown as z.ZodType<
    Secret,
    string | Secret
  >;
}

/** A type that is written as text and read by a function. */
function textType<T>(
  read: (text: string, context: z.core.$RefinementCtx) => T,
  about: {
    readonly wanted: string;
    readonly description: string;
    readonly example: string | null;
    readonly pattern?: string;
  },
) {
  return z
    .string({ error: issue => missingOr(issue.input, about.wanted) })
    .meta({
      description: about.description,
      ...(about.example === null ? {} : { examples: [about.example] }),
      ...(about.pattern === undefined ? {} : shaped(about.pattern, about.wanted)),
    })
    .transform(read);
}

/** For JSON Schema alone, where an editor underlines what does not look like it: the parser has the last word. */
function shaped(pattern: string, wanted: string) {
  return { pattern, patternErrorMessage: wanted };
}

function missingOr(input: unknown, wanted: string): string {
  return input === undefined ? `is missing: ${wanted}` : wanted;
}

function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.issues.push({ code: 'custom', message, input: context.value });
  return z.NEVER;
}

function within(
  value: number,
  { min, max }: Bounds,
  format: (value: number) => string,
  context: z.core.$RefinementCtx,
): number {
  if (min !== undefined && value < min) return refuse(context, `must be at least ${format(min)}`);
  if (max !== undefined && value > max) return refuse(context, `must be at most ${format(max)}`);
  return value;
}

/** A range in canonical form, or `null`. */
function parseCidr(text: string): string | null {
  const [, written = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseIpAddress(written);
  if (address === null) return null;
  if (prefix === undefined) return address;
  return Number(prefix) <= (address.includes(':') ? 128 : 32) ? `${address}/${Number(prefix)}` : null;
}
