/** The tables of Postfix's address library: lists of commands, and what Postfix makes of each. */
import { readFileSync } from 'node:fs';
import { corpus } from './corpus.ts';

/** One look-up: `test inputform:outputform:...:address:expected result:extension`, below the table that it is made in. */
export interface LookUp {
  readonly id: string;
  /** Key and value, as they are written. */
  readonly table: readonly (readonly [string, string])[];
  readonly inputForm: Form;
  readonly queryForm: string;
  readonly outputForm: Form;
  /** In which order keys are tried: `default`, or names of the ways. */
  readonly ways: string;
  readonly address: string;
  /** `null`: nothing is found. */
  readonly result: string | null;
}

/** `external`: as a header writes it. `internal`: without quotation marks. */
export type Form = 'external' | 'internal';

/** One answer of the rewriting or the resolving daemon. */
export interface Answered {
  readonly id: string;
  readonly address: string;
  /** By name: `result`, `recipient`, `flags`, ... */
  readonly said: ReadonlyMap<string, string>;
}

/** A list of addresses, and each of them in the form that is asked for. */
export interface Crunched {
  readonly title: string;
  readonly inputForm: Form;
  readonly outputForm: Form;
  readonly extension: string;
  readonly input: readonly string[];
  readonly expect: readonly string[];
}

function textOf(file: string): string {
  return readFileSync(corpus('address', 'postfix-tok822', file), 'utf8');
}

export function crunched(): readonly Crunched[] {
  return JSON.parse(textOf('mail_addr_crunch.json')) as readonly Crunched[];
}

/** `rewrite_clnt`, `resolve_clnt`: blocks of a name and what is said about it. */
export function answered(list: string): readonly Answered[] {
  const blocks = textOf(`${list}.ref`).trim().split(/\n\n+/);
  return blocks.map((block, index) => {
    const said = new Map(
      block.split('\n').map(line => {
        const [, name = '', value = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
        return [name, value.trim()] as const;
      }),
    );
    const address = said.get('address') ?? '';
    return { id: `${index} ${said.get('rule') ?? said.get('class') ?? ''} ${address}`.trimEnd(), address, said };
  });
}

/** Numbers as `off_cvt` reads them, and whether it does. */
export function numbers(): readonly { readonly text: string; readonly good: boolean }[] {
  const inputs = textOf('off_cvt.in').split('\n');
  const outputs = textOf('off_cvt.ref').trim().split('\n');
  const texts = inputs.filter(line => line !== '' && !line.startsWith('#'));
  return texts.map((text, index) => ({ text, good: outputs[index] === text }));
}

export function lookUps(): readonly LookUp[] {
  const results = textOf('mail_addr_find.ref')
    .split('\n')
    .filter(line => line.includes('-> '));
  let table: LookUp['table'] = [];
  const found: LookUp[] = [];
  for (const line of textOf('mail_addr_find.in').split('\n')) {
    if (line.startsWith('maps ')) table = tableIn(line);
    if (!line.startsWith('test ')) continue;
    const [inputForm, queryForm = '', outputForm, ways = '', address = ''] = line.slice(5).split(':');
    const [, result = ''] = /-> (?:external|internal):(.*) \(.*\)$/.exec(results[found.length] ?? '') ?? [];
    found.push({
      id: `${found.length} ${line.slice(5)}`,
      table,
      inputForm: inputForm as Form,
      queryForm,
      outputForm: outputForm as Form,
      ways,
      address,
      result: result === '(not found)' ? null : result,
    });
  }
  if (found.length !== results.length) throw new Error('the results belong to another list of look-ups');
  return found;
}

/** `maps inline:{key=value,{key with blanks=value}}` */
function tableIn(line: string): LookUp['table'] {
  const [, inner = ''] = /^maps inline:\{(.*)\}$/.exec(line) ?? [];
  return [...inner.matchAll(/\{([^}]*)\}|[^,{}]+/g)].map(([whole, braced]) => {
    const entry = braced ?? whole;
    const at = entry.indexOf('=');
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
}
