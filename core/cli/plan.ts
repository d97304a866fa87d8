/** `mailframe plan`: which plugin runs at which hook, in order; where mail goes; what never runs, and why. */
import type { Command } from 'commander';
import { compile } from '../compile.ts';
import { bootError } from '../config/complaint.ts';
import { formatDuration } from '../mail/quantity.ts';
import { type Plan, type PlannedCall, type PlannedRoute, planOf } from '../plan.ts';
import type { Walk } from '../plugin/hooks.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { inertServices } from './inert-services.ts';

export function register(program: Command): void {
  program
    .command('plan')
    .description('Shows which plugin runs at which hook, where mail goes, and what never runs and why.')
    .argument('[file]', 'the configuration', DEFAULT_FILE)
    .option('--json', 'prints one JSON object')
    .action(plan);
}

async function plan(file: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  try {
    process.stdout.write(await planned(file, json));
  } catch (error) {
    refuse(error);
  }
}

/**
 * What the verb prints.
 * @throws MailframeError with every complaint, where a gateway would not start.
 */
export async function planned(file: string, json: boolean): Promise<string> {
  const compiled = await compile(file, { env: process.env, now: new Date(), scope: inertServices });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const plan = planOf(compiled);
  return json ? `${JSON.stringify(plan, null, 2)}\n` : inWords(plan);
}

const HOW: Readonly<Record<Walk, string>> = {
  refusal: 'all are asked; a refusal ends it',
  first: 'the first answer counts',
  fold: 'each is given what the one before made of it',
  addressed: 'the one that the route names',
};

function inWords({ hooks, routes, observers, silent }: Plan): string {
  const blocks = hooks.map(({ hook, walk, plugins }) => {
    const numbered = walk !== 'addressed';
    return [`${hook}: ${HOW[walk]}`, ...plugins.map((call, index) => called(call, numbered ? `${index + 1}.` : '-'))];
  });
  blocks.push([
    'routes: the first that matches decides',
    ...routes.map((route, index) => routed(route, `${index + 1}.`)),
  ]);
  if (observers.length > 0) blocks.push(['told what happened', ...observers.map(id => `  - ${id}`)]);
  const never = silent.map(({ plugin, hook, why }) => `  - ${plugin}${hook === null ? '' : ` at ${hook}`}: ${why}`);
  if (never.length > 0) blocks.push(['never runs', ...never]);
  return `${blocks.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

function called({ plugin, when, mode, onError, deadline, around }: PlannedCall, bullet: string): string {
  const notes = [
    ...(mode === 'shadow' ? ['in shadow mode'] : []),
    ...(when === null ? [] : [`when ${when}`]),
    ...(around.length === 0 ? [] : [`inside ${around.join(', ')}`]),
    `within ${formatDuration(deadline)}, else ${onError}`,
  ];
  return `  ${bullet} ${plugin}: ${notes.join('; ')}`;
}

function routed({ when, transport, hosts, exchangersOf, tls, map }: PlannedRoute, bullet: string): string {
  const to = hosts === null ? '' : ` to ${hosts.join(', ')}`;
  const whose = exchangersOf === null ? '' : ` to the hosts of ${exchangersOf}`;
  const insists = tls === null ? '' : `, tls: ${tls}`;
  const by = map === null ? '' : `, by ${map.by}: ${map.entries} entries`;
  return `  ${bullet} ${when === null ? 'all mail' : `when ${when}`}: ${transport}${to}${whose}${insists}${by}`;
}
