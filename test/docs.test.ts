/** The documentation tells the truth: its TypeScript compiles, its YAML passes the check, its links lead somewhere. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../core/engine.ts';
import { selfSigned } from './support/certificate.ts';
import { tempFolder } from './support/temp-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function pages(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['node_modules', '.git', 'dist', 'var'].includes(entry.name) ? [] : pages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const texts = pages('.').map(page => ({ page, text: readFileSync(join(root, page), 'utf8') }));

function blocks(language: string) {
  return texts.flatMap(({ page, text }) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => ({ page, code })),
  );
}

test('every block of TypeScript compiles', async () => {
  const folder = await tempFolder();
  const found = blocks('ts');
  expect(found.length).toBeGreaterThan(5);
  for (const [index, { page, code }] of found.entries()) {
    const name = `${String(index).padStart(2, '0')}-${page.replace(/[^a-z]+/gi, '-')}`;
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'block.ts'), code);
    // What a block imports from beside itself is the plugin of the block before it.
    const local = /from '\.\/([\w-]+)\.ts'/.exec(code)?.[1];
    if (local !== undefined) await writeFile(join(folder, name, `${local}.ts`), found[index - 1]?.code ?? '');
  }
  const configuration = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      paths: {
        mailframe: [join(root, 'core/index.ts')],
        'mailframe/testing': [join(root, 'core/testing.ts')],
      },
    },
    include: ['**/*.ts'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const errors = await promisify(execFile)(process.execPath, [compiler, '--noEmit', '-p', folder], {
    cwd: folder,
  }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(errors).toBe('');
}, 120_000);

test('the gateway of the README passes the check', async () => {
  const folder = await tempFolder();
  const [configuration] = blocks('yaml').filter(
    ({ page, code }) => page === 'README.md' && code.startsWith('hostname:'),
  );
  const filter = blocks('ts').find(({ page }) => page === 'README.md');
  const { cert, key } = selfSigned('mx.example.test');
  const files = {
    'mailframe.config.yaml': configuration?.code ?? '',
    'tls/cert.pem': cert,
    'tls/key.pem': key,
    users: '',
    aliases: 'staff: ann\n',
    'keys/README': '',
    'filters/no-vowels.ts': filter?.code ?? '',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await expect(createEngine({ file: join(folder, 'mailframe.config.yaml') })).resolves.toBeDefined();
});

describe('every link inside the project leads to something', () => {
  test.each(texts)('$page', ({ page, text }) => {
    const prose = text.replace(/^```.*?^```/gms, '');
    const targets = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const dead = targets.filter(
      target => !/^[a-z]+:/.test(target) && !existsSync(resolve(root, dirname(page), target)),
    );
    expect(dead).toEqual([]);
  });
});
