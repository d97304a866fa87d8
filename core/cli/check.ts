/** `mailframe check`: every complaint about a configuration at once, as `file:line:column: message`. */
import type { Command } from 'commander';
import { compile } from '../compile.ts';
import { type Complaint, formatComplaint } from '../config/complaint.ts';
import { pageOf } from '../mail/error.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { inertServices } from './inert-services.ts';

export function register(program: Command): void {
  program
    .command('check')
    .description('Says everything that is wrong with a configuration. Exit code 1 where a gateway would not start.')
    .argument('[file]', 'the configuration', DEFAULT_FILE)
    .option('--json', 'prints one JSON object')
    .action(check);
}

async function check(file: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  try {
    const { ok, text } = await checked(file, json);
    process.stdout.write(text);
    if (!ok) process.exitCode = 1;
  } catch (error) {
    refuse(error);
  }
}

/** What the verb prints, and whether a gateway would start. */
export async function checked(file: string, json: boolean): Promise<{ readonly ok: boolean; readonly text: string }> {
  const compiled = await compile(file, { env: process.env, now: new Date(), scope: inertServices });
  const ok = compiled.kind === 'compiled';
  const complaints = ok ? compiled.warnings : compiled.complaints;
  return { ok, text: json ? inJson(ok, complaints) : inWords(file, ok, complaints) };
}

function inJson(ok: boolean, complaints: readonly Complaint[]): string {
  return `${JSON.stringify({ ok, complaints: complaints.map(one => ({ ...one, page: pageOf(one.code) })) }, null, 2)}\n`;
}

function inWords(file: string, ok: boolean, complaints: readonly Complaint[]): string {
  const lines = complaints.map(formatComplaint);
  const errors = complaints.filter(({ severity }) => severity === 'error');
  const pages = [...new Set(errors.map(({ code }) => pageOf(code)))];
  if (ok) lines.push(complaints.length === 0 ? `${file}: nothing to complain about` : `${file}: can run as it is`);
  else lines.push('', `${count(errors.length, 'error')}; more in ${pages.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
