/** A configuration that a test brings as text or as an object, in a temporary folder with what lies beside it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** What the test brings. */
export interface ConfigurationParts {
  readonly config?: string | Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

/** Where it lies. */
export interface ConfigurationFolder {
  readonly file: string;
  readonly remove: () => Promise<void>;
}

const USUAL = { hostname: 'mx.example.test', listeners: [{ id: 'inbound', port: 0 }], queue: { directory: './queue' } };

/** Writes it down. */
export async function configurationFolder({
  config = {},
  files = {},
}: ConfigurationParts): Promise<ConfigurationFolder> {
  const { path: folder, remove } = await temporaryFolder('test');
  const file = join(folder, 'mailframe.config.yaml');
  for (const [name, octets] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), octets);
  }
  // Every JSON text is YAML.
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify({ ...USUAL, ...config }, null, 2));
  return { file, remove };
}
