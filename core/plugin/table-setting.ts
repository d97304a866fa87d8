/** How the options of a plugin say which table is meant: `table: { file: ./aliases }`. */
import { z } from 'zod';
import { duration, LONGEST_TIMER } from './option-types.ts';
import { listed } from './suggest.ts';
import { TABLE_KINDS } from './table-kinds.ts';

const cache = z
  .union([
    z.literal('off'),
    z.strictObject({
      ttl: duration()
        .default(30_000)
        .meta({ description: 'How long an entry is remembered.', examples: ['30 s'] }),
      negativeTtl: duration()
        .default(10_000)
        .meta({ description: 'How long it is remembered that there is no such key.', examples: ['10 s'] }),
      staleFor: duration()
        .default(0)
        .meta({
          description: 'How long after that an old answer still serves while the table cannot be asked.',
          examples: ['1 h'],
        }),
      entries: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(10_000)
        .meta({ description: 'The most answers.', examples: [10_000] }),
    }),
  ])
  .transform(written => (written === 'off' ? null : written));

/** The kinds of tables, as in the options. */
export type TableKind = keyof typeof TABLE_KINDS;

const KIND_NAMES = Object.keys(TABLE_KINDS) as TableKind[];

/** What is asked, for each kind what it needs. */
export type TableSource = { [K in TableKind]: { readonly kind: K; readonly options: TableOptions<K> } }[TableKind];

/** The options of a kind, as its schema makes them. */
export type TableOptions<K extends TableKind> = z.output<(typeof TABLE_KINDS)[K]>;

/** What answers are remembered and how long, in milliseconds. */
export type CacheSetting = NonNullable<z.output<typeof cache>>;

/** A table, as the options say. */
export interface TableSetting {
  readonly source: TableSource;
  /** How long a look-up may take, waiting included, in milliseconds. */
  readonly timeout: number;
  /** How many look-ups are under way at a time; others wait. */
  readonly concurrency: number;
  readonly cache: CacheSetting | null;
}

const written = z.strictObject({
  map: TABLE_KINDS.map.optional(),
  file: TABLE_KINDS.file.optional(),
  regexp: TABLE_KINDS.regexp.optional(),
  sqlite: TABLE_KINDS.sqlite.optional(),
  postgresql: TABLE_KINDS.postgresql.optional(),
  ldap: TABLE_KINDS.ldap.optional(),
  http: TABLE_KINDS.http.optional(),
  timeout: duration({ min: 1, max: LONGEST_TIMER })
    .default(5000)
    .meta({ description: 'How long a look-up may take, waiting included.', examples: ['5 s'] }),
  concurrency: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .meta({ description: 'How many look-ups are under way at a time; others wait.', examples: [16] }),
  cache: cache.prefault({}).meta({
    description: 'What answers of databases and servers are remembered.',
    examples: ['off', { ttl: '1 min' }],
  }),
});

/**
 * A table of any kind.
 * @example z.strictObject({ table: tableSetting().meta({ description: 'Who may be written to.' }) })
 */
export function tableSetting() {
  return written
    .meta({
      description: `A table: one of ${listed(KIND_NAMES)}.`,
      examples: [
        { file: './aliases' },
        { sqlite: { database: './users.db', query: 'SELECT target FROM aliases WHERE address = :key' } },
      ],
    })
    .transform(({ timeout, concurrency, cache: remembered, ...kinds }, context): TableSetting => {
      const named = KIND_NAMES.filter(kind => kinds[kind] !== undefined);
      const [kind] = named;
      if (kind === undefined || named.length > 1) {
        const message = `one kind of table is expected: ${listed(KIND_NAMES)}${named.length > 1 ? `; this has ${named.join(' and ')}` : ''}`;
        context.issues.push({ code: 'custom', message, input: kinds });
        return z.NEVER;
      }
      // The options under a kind's name are that kind's: the pairing is lost in the types alone.
      const source = { kind, options: kinds[kind] } as TableSource;
      return { source, timeout, concurrency, cache: remembered };
    });
}

/** Whether a value among a plugin's options is a table. */
export function isTableSetting(value: object): value is TableSetting {
  if (!('source' in value && 'concurrency' in value && 'cache' in value)) return false;
  const { source } = value;
  return (
    typeof source === 'object' && source !== null && 'kind' in source && KIND_NAMES.some(kind => kind === source.kind)
  );
}
