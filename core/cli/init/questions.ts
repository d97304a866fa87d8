/** Asks at the terminal what the flags have not said. */
import { createInterface, type Interface } from 'node:readline/promises';
import { MailframeError } from '../../mail/error.ts';
import type { Understood } from './answers.ts';

/** One question. An empty answer means what stands in the brackets. */
export interface Question<T> {
  readonly text: string;
  /** As somebody would write it; `null`: an answer is needed. */
  readonly usual: string | null;
  readonly read: (written: string) => Understood<T>;
}

/** Gets answers, wherever they come from. */
export interface Asking {
  ask<T>(question: Question<T>): Promise<T>;
  /** Says something that needs no answer. */
  tell(text: string): void;
  close(): void;
}

/** Nobody is there: what is usual holds, and what has to be said is missing. */
export const nobody: Asking = {
  ask({ text, usual, read }) {
    const read_ = usual === null ? null : read(usual);
    if (read_?.kind === 'understood') return Promise.resolve(read_.value);
    const why = read_ === null ? 'it has to be said' : read_.message;
    return Promise.reject(new MailframeError('MF_INIT', `${text}: ${why}; mailframe init --help shows the flags`));
  },
  tell: () => undefined,
  close: () => undefined,
};

/** Asks until the answer is understood. */
export function somebody(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, onLeave: () => void): Asking {
  const terminal: Interface = createInterface({ input, output });
  terminal.once('close', onLeave);
  return {
    async ask({ text, usual, read }) {
      for (;;) {
        const prompt = usual === null || usual === '' ? `${text}: ` : `${text} [${usual}]: `;
        const written = (await terminal.question(prompt)).trim();
        const understood = read(written === '' ? (usual ?? '') : written);
        if (understood.kind === 'understood') return understood.value;
        output.write(`  ${understood.message}\n`);
      }
    },
    tell: text => void output.write(`${text}\n`),
    close() {
      terminal.off('close', onLeave);
      terminal.close();
    },
  };
}
