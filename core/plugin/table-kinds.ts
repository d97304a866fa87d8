/** What each kind of table needs to be told, as zod schemas. */
import { z } from 'zod';
import { duration, LONGEST_TIMER, path, secret } from './option-types.ts';

/** Written as one text, or as several. */
function some<S extends z.ZodType>(one: S) {
  return z.union([one, z.array(one).min(1)]).transform(written => (Array.isArray(written) ? written : [written]));
}

const map = z.record(z.string().min(1), some(z.string())).meta({
  description: 'The entries themselves: a key and its value or values. The case of a key does not matter.',
  examples: [{ postmaster: 'ann', sales: ['ann', 'bob@example.test'] }],
});

const file = path().meta({
  description: 'A file with an entry a line: a key, white space, a value. Read again when it changes.',
  examples: ['./aliases'],
});

const regexp = z.union([path(), z.record(z.string().min(1), z.string())]).meta({
  description:
    'Patterns: a file with one a line (/pattern/flags value), or the entries themselves. The first that matches holds.',
  examples: ['./patterns', { '/^list-(.*)@/': 'lists+$1' }],
});

const query = z
  .string()
  .min(1)
  .meta({
    description:
      'One SELECT. :key stands for the key, :local and :domain for its parts before and after the last @. Every column of every row is a value.',
    examples: ['SELECT target FROM aliases WHERE address = lower(:key)'],
  });

const sqlite = z
  .strictObject({
    database: path().meta({ description: 'The database file. It is only read.', examples: ['./users.db'] }),
    query,
  })
  .meta({ description: 'A query to an SQLite database.' });

const tls = z
  .union([
    z.enum(['off', 'required', 'verify']),
    z.strictObject({
      mode: z.enum(['required', 'verify']).default('verify').meta({ description: 'As the short form.' }),
      ca: path()
        .optional()
        .meta({ description: 'The authorities that are trusted, in PEM form.', examples: ['./ca.pem'] }),
      serverName: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'The name that its certificate must have.', examples: ['db.example.test'] }),
    }),
  ])
  .transform(written => {
    const { mode, ca = null, serverName = null } = typeof written === 'string' ? { mode: written } : written;
    return { mode, ca, serverName };
  });

const postgresql = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('localhost')
      .meta({
        description: 'The server: a name, an address, or the folder of its Unix socket.',
        examples: ['db.example.test', '/run/postgresql'],
      }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(5432)
      .meta({ description: 'Its port.', examples: [5432] }),
    database: z
      .string()
      .min(1)
      .meta({ description: 'The database.', examples: ['mail'] }),
    user: z
      .string()
      .min(1)
      .meta({ description: 'Who asks.', examples: ['mailframe'] }),
    password: secret().optional().meta({ description: 'The password of that user: !secret FILE.' }),
    query,
    tls: tls.default({ mode: 'off', ca: null, serverName: null }).meta({
      description: 'off, required (encrypted, to whomever), verify (the certificate must be right), or more precisely.',
      examples: ['verify', { ca: './ca.pem' }],
    }),
    connections: z
      .int()
      .min(1)
      .max(100)
      .default(4)
      .meta({ description: 'The most connections.', examples: [4] }),
    idle: duration({ max: LONGEST_TIMER })
      .default(60_000)
      .meta({ description: 'How long a connection may be idle before it is ended.', examples: ['1 min'] }),
  })
  .meta({ description: 'A query to a PostgreSQL server. Needs the package pg.' });

const ldap = z
  .strictObject({
    url: some(
      z.string().regex(/^ldaps?:\/\/[^/?#]+\/?$/i, 'a server is expected, such as "ldap://ldap.example.test"'),
    ).meta({
      description: 'The server, or several: the next one is asked where one does not answer.',
      examples: ['ldaps://ldap.example.test', ['ldap://a.example.test', 'ldap://b.example.test:1389']],
    }),
    bind: z
      .strictObject({
        dn: z
          .string()
          .min(1)
          .meta({ description: 'The name.', examples: ['cn=mailframe,dc=example,dc=test'] }),
        password: secret().meta({ description: 'Its password: !secret FILE.' }),
      })
      .optional()
      .meta({ description: 'Who asks. Left out: anybody.' }),
    tls: z
      .strictObject({
        start: z
          .enum(['required', 'off'])
          .default('off')
          .meta({ description: 'Whether ldap:// begins with STARTTLS.' }),
        ca: path()
          .optional()
          .meta({ description: 'The authorities that are trusted, in PEM form.', examples: ['./ca.pem'] }),
        serverName: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The name that its certificate must have.', examples: ['ldap.example.test'] }),
      })
      .prefault({})
      .meta({ description: 'How the connection is made safe.' }),
    base: z.string().meta({
      description: 'Where the search begins. Placeholders as in the filter.',
      examples: ['ou=people,dc=example,dc=test'],
    }),
    scope: z.enum(['base', 'one', 'sub']).default('sub').meta({ description: 'How deep the search goes.' }),
    filter: z
      .string()
      .min(1)
      .meta({
        description:
          ':key stands for the key, :local and :domain for its parts before and after the last @, all escaped.',
        examples: ['(&(objectClass=inetOrgPerson)(mail=:key))'],
      }),
    attributes: z
      .array(z.string().min(1))
      .min(1)
      .meta({
        description: 'The attributes whose values are the values, in this order.',
        examples: [['mailForwardingAddress']],
      }),
    members: z
      .strictObject({
        names: z
          .array(z.string().min(1))
          .default([])
          .meta({
            description: 'Attributes that name other entries: each is read in its turn.',
            examples: [['member']],
          }),
        urls: z
          .array(z.string().min(1))
          .default([])
          .meta({
            description: 'Attributes that hold LDAP URLs: each is searched in its turn.',
            examples: [['memberURL']],
          }),
        depth: z.int().min(1).max(20).default(5).meta({ description: 'How many steps are followed.' }),
        limit: z
          .int()
          .min(1)
          .max(100_000)
          .default(1000)
          .meta({ description: 'The most entries; more cannot be answered.' }),
      })
      .optional()
      .meta({ description: 'Groups: which attributes lead to other entries.' }),
  })
  .meta({ description: 'A search in an LDAP directory. Needs the package ldapts.' });

const http = z
  .strictObject({
    url: z
      .string()
      .regex(/^https?:\/\/[^\s/?#]+/i, 'an address is expected, such as "https://api.example.test/aliases/:key"')
      .meta({
        description: 'The address. :key, :local and :domain are replaced, encoded for an address.',
        examples: ['https://api.example.test/aliases?address=:key'],
      }),
    method: z.enum(['GET', 'POST']).default('GET').meta({
      description: 'POST sends {"key", "local", "domain"} as JSON.',
    }),
    token: secret().optional().meta({ description: 'A bearer token: !secret FILE.' }),
    headers: z
      .record(
        z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'is no name of a header field'),
        z.union([z.string(), secret()]),
      )
      .default({})
      .meta({ description: 'More header fields.', examples: [{ Accept: 'application/json' }] }),
    values: z
      .string()
      .optional()
      .meta({
        description:
          'Where in the JSON of the answer the values are, as names with dots between. Left out: the answer is a text or a list of texts, or has them under "values".',
        examples: ['user.forward'],
      }),
    maxSize: z
      .int()
      .min(1)
      .max(16 * 1024 ** 2)
      .default(1024 ** 2)
      .meta({ description: 'The longest answer, in octets.' }),
    ca: path()
      .optional()
      .meta({ description: 'The authorities that are trusted, in PEM form.', examples: ['./ca.pem'] }),
  })
  .meta({ description: 'A request to a web service. 404 means that there is no such key.' });

/** By the name of the kind, as in the options. */
export const TABLE_KINDS = { map, file, regexp, sqlite, postgresql, ldap, http } as const;
