/** Replaces recipients by those that tables of aliases name for them (RFC 5321 section 3.9). */
import {
  type Awaitable,
  CLOCK,
  definePlugin,
  expand,
  FILES,
  type Files,
  LOG,
  type Mailbox,
  TABLES,
  TableUnavailable,
  tableHosts,
  whenThere,
} from '../../core/index.ts';
import { swallow, swallowed } from './black-hole.ts';
import { checkTables } from './check-tables.ts';
import { type Expanded, expandAlias } from './expansion.ts';
import { findingsIn } from './findings.ts';
import { Lists } from './lists.ts';
import type { AskingCall, LookUp } from './look-up.ts';
import { askedFor, listed, verified } from './looked-up.ts';
import { namedIn } from './named-tables.ts';
import { OpenTables } from './open-tables.ts';
import { OPTIONS, type Options } from './options.ts';
import type { Permission } from './permission.ts';
import { refusalOf, unavailable } from './reply.ts';
import { unfold } from './unfold.ts';
import type { ExpansionRules } from './walk.ts';

export default definePlugin({
  name: 'alias-expansion',
  summary: 'Replaces recipients by those that tables of aliases name for them.',
  options: OPTIONS,
  needs: { files: FILES, clock: CLOCK, log: LOG, tables: TABLES },

  check: ({ options, ...services }) => checkTables(options, permissionIn(options, services.files), services),

  create({ options, ...services }) {
    const permission = permissionIn(options, services.files);
    const tables = new OpenTables(options, permission, services);
    const lists = new Lists(services);
    const members = (path: string) => lists.members(path);
    const rules = (lookUp: LookUp): ExpansionRules => ({ ...options, lookUp, permission, members });
    const expanded = (recipient: Mailbox, call: AskingCall) =>
      whenThere<LookUp, Expanded>(tables.current(), lookUp => expandAlias(rules(lookUp), recipient, call));

    return {
      start: () => tables.load(),
      close: () => tables.close(),

      rcpt: ({ recipient: { forwardPath } }, call) =>
        orUnavailable(
          () =>
            whenThere(expanded(forwardPath, call), found => {
              switch (found.kind) {
                case 'no-alias':
                  return;
                case 'recipients':
                  if (found.leftOut.length > 0) call.log.info('omitted', { targets: found.leftOut });
                  return expand(found.to);
                case 'blackhole':
                  return expand([swallowed(forwardPath, found.via)]);
                default:
                  return refusalOf(found, options);
              }
            }),
          unavailable,
        ),

      vrfy: (asked, call) => answered(asked, call, verified),
      expn: (asked, call) => answered(asked, call, listed),
      unfold: async (recipient, signal) => unfold(rules(await tables.current()), recipient, signal),

      about: {
        names: namedIn(options).flatMap(one => (one.kind === 'table' ? tableHosts(one.setting, one.path) : [])),
        findings: async examination => {
          const lookUp = await tables.current();
          return findingsIn({ ...examination, options, permission, services, rules, lookUp });
        },
      },
      around: swallow,
      surrounds: ['deliver'],
      leadsTo: [
        ...(options.commands === undefined ? [] : [{ ...options.commands, path: ['commands', 'transport'] }]),
        ...(options.paths === undefined ? [] : [{ transport: options.paths.transport, path: ['paths', 'transport'] }]),
      ],
    };

    function answered<A>(
      asked: Parameters<typeof askedFor>[0],
      call: AskingCall,
      answer: (found: Expanded, mailbox: Mailbox) => A,
    ): Awaitable<A | undefined> {
      const mailbox = askedFor(asked, options.domains);
      if (mailbox === null) return;
      // Nobody can say: another plugin may.
      return orUnavailable(
        () => whenThere(expanded(mailbox, call), found => answer(found, mailbox)),
        () => undefined,
      );
    }
  },
});

/** Where a table cannot be asked, what is said instead. */
function orUnavailable<A, B>(ask: () => Awaitable<A>, instead: (trouble: TableUnavailable) => B): Awaitable<A | B> {
  const caught = (error: unknown) => {
    if (error instanceof TableUnavailable) return instead(error);
    throw error;
  };
  try {
    const answer = ask();
    return answer instanceof Promise ? answer.catch(caught) : answer;
  } catch (error) {
    return caught(error);
  }
}

function permissionIn({ commands, paths }: Options, files: Pick<Files, 'resolve'>): Permission {
  return {
    commands: commands ?? null,
    paths: paths === undefined ? null : { ...paths, below: paths.below.map(folder => files.resolve(folder)) },
  };
}
