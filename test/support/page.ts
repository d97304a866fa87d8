/** The configurations of a page of the documentation, for tests that run them: what a page shows is what works. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a section shows. Both throw where it shows no such thing. */
export interface Shown {
  /** The configuration of the gateway. */
  readonly yaml: () => string;
  /** A file of Postfix's, by the first line of its block: `# main.cf`. */
  readonly postfix: (name: 'main.cf' | 'master.cf') => string;
}

/** Puts a test's own places where a page has the usual ones. @throws Error where the page has no such place */
export function placed(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((all, [usual, ours]) => {
    if (!all.includes(usual)) throw new Error(`the page does not say ${usual}`);
    return all.replaceAll(usual, ours);
  }, text);
}

/** The blocks below a heading of a page. @param page from the root of the project */
export function shownBelow(page: string, heading: string): Shown {
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8');
  const section = text.split(/^## /m).find(one => one.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${page} has no section ${heading}`);
  const block = (start: string) => {
    const [, code] = new RegExp(`^\`\`\`${start}(.*?)^\`\`\``, 'ms').exec(section) ?? [];
    if (code === undefined) throw new Error(`${heading} in ${page} has no block that begins with ${start}`);
    return code;
  };
  return { yaml: () => block('yaml\n'), postfix: name => block(`cf\n# ${name}\n`) };
}
