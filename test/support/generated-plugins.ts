/** Plugins as `npm create mailframe-plugin` writes them, one of each kind, side by side in one folder. */
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KINDS } from '../../create-mailframe-plugin/kinds.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const CREATE = join(root, 'create-mailframe-plugin/create.js');

export const GENERATED = Object.keys(KINDS);

/**
 * Writes them below a folder, in whose `node_modules` mailframe is installed. Each is there under its name too, as npm would link
 * what is worked on.
 */
export async function generatePlugins(home: string): Promise<void> {
  for (const kind of GENERATED) {
    await run(process.execPath, [CREATE, `a-${kind}`, '--kind', kind, '--folder', `plugins/${kind}`], { cwd: home });
    await symlink(join(home, 'plugins', kind), join(home, 'node_modules', `mailframe-plugin-a-${kind}`));
  }
  for (const name of ['vitest', 'typescript', '@types', 'undici-types']) {
    await symlink(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }
}

/** Runs a program of the installed packages, and gives what it said and how it ended. */
export async function runTool(home: string, tool: 'vitest' | 'tsc', ...args: readonly string[]) {
  const program = { vitest: 'vitest/vitest.mjs', tsc: 'typescript/bin/tsc' }[tool];
  const env = { PATH: process.env.PATH, HOME: home, NO_COLOR: '1' };
  return run(process.execPath, [join(home, 'node_modules', program), ...args], { cwd: home, env }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      said: error.stdout + error.stderr,
    }),
  );
}

/** Compiles them all, sources and tests, and then builds each. */
export async function buildPlugins(home: string) {
  const types = { extends: './plugins/recipient/tsconfig.json', include: ['plugins/*/src'] };
  await mkdir(join(home, 'plugins'), { recursive: true });
  await writeFile(join(home, 'tsconfig.json'), JSON.stringify(types));
  const checked = await runTool(home, 'tsc', '--noEmit');
  const built = await runTool(home, 'tsc', '-b', ...GENERATED.map(kind => `plugins/${kind}/tsconfig.build.json`));
  return { code: checked.code || built.code, said: checked.said + built.said };
}
