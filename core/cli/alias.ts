/** `mailframe alias test`: what a recipient stands for, as a tree with the place of every step. Nothing is changed. */
import type { Command } from 'commander';
import { compile } from '../compile.ts';
import { bootError } from '../config/complaint.ts';
import { formatMailbox, parseMailbox } from '../mail/path.ts';
import type { Unfolding } from '../mail/unfolding.ts';
import type { MountedPlugin } from '../mounted-plugin.ts';
import { escapeControls } from '../system/escape.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { inertServices } from './inert-services.ts';

export function register(program: Command): void {
  const alias = program.command('alias').description('Looks at what recipients stand for.');
  alias
    .command('test')
    .description('Shows what an address stands for, step by step, with the place where each step is written.')
    .argument('<address>', 'the address, such as staff@example.test')
    .option('-c, --config <file>', 'the configuration', DEFAULT_FILE)
    .option('--json', 'prints one JSON object')
    .addHelpText('after', '\nExit codes: 0 it stands for others, 2 for itself, 1 anything else.')
    .action(test);
}

/** The address stands for nobody else. */
const ITSELF = 2;

async function test(address: string, { config, json = false }: { config: string; json?: boolean }): Promise<void> {
  try {
    const { text, code } = await unfolded(address, config, json);
    process.stdout.write(text);
    process.exitCode = code;
  } catch (error) {
    refuse(error);
  }
}

/** What one plugin of the configuration says. */
interface Told {
  readonly plugin: string;
  readonly unfolding: Unfolding;
}

/**
 * What the verb prints, and its exit code.
 * @throws MailframeError with every complaint, where a gateway would not start.
 */
export async function unfolded(
  address: string,
  file: string,
  json: boolean,
): Promise<{ readonly text: string; readonly code: number }> {
  const recipient = parseMailbox(address.replace(/^<(.*)>$/, '$1'));
  if (recipient === null)
    return { text: `${escapeControls(address)} is no address, such as staff@example.test\n`, code: 1 };
  const compiled = await compile(file, { env: process.env, now: new Date(), scope: inertServices });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const told: Told[] = [];
  for (const plugin of compiled.mounted) {
    const unfolding = await ask(plugin, recipient);
    if (unfolding !== null) told.push({ plugin: plugin.id, unfolding });
  }
  const code = told.length === 0 ? ITSELF : 0;
  const name = formatMailbox(recipient);
  if (json) return { text: `${JSON.stringify({ address: name, told }, null, 2)}\n`, code };
  if (told.length === 0) return { text: `${name} stands for itself: no plugin has an alias for it\n`, code };
  return { text: told.map(({ plugin, unfolding }) => `${plugin}:\n${tree(unfolding)}`).join('\n'), code };
}

async function ask({ instance }: MountedPlugin, recipient: Parameters<NonNullable<typeof instance.unfold>>[0]) {
  if (instance.unfold === undefined) return null;
  try {
    return await instance.unfold(recipient, new AbortController().signal);
  } finally {
    await instance.close?.();
  }
}

/** `├─`, `└─`: as `tree` draws folders. */
function tree(root: Unfolding): string {
  const lines: string[] = [];
  // As deep as the plugin follows aliases, however many there are beside each other.
  const draw = (node: Unfolding, first: string, rest: string) => {
    lines.push(
      escapeControls(
        `${first}${node.what}${node.by === null ? '' : `  ${node.by}`}${node.outcome === null ? '' : `  ${node.outcome}`}`,
      ),
    );
    node.leadsTo.forEach((below, index) => {
      const isLast = index === node.leadsTo.length - 1;
      draw(below, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`);
    });
  };
  draw(root, '', '');
  return `${lines.join('\n')}\n`;
}
