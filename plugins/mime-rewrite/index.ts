/** Edits mail by rules: header fields, parts, texts and links, and says which signatures that breaks. */
import { definePlugin, FILES, hold, note, RANDOM, reject, rewrite, TREE_LIMITS } from '../../core/index.ts';
import { handlingsOf } from './broken-signatures.ts';
import { factsOf, MIME_FACTS } from './facts.ts';
import { OPTIONS } from './options.ts';
import { type Rewritten, rewriteBy } from './rewriting.ts';

export default definePlugin({
  name: 'mime-rewrite',
  summary: 'Edits mail by rules, header and parts, and says which signatures that breaks.',
  options: OPTIONS,
  needs: { random: RANDOM, files: FILES },
  facts: MIME_FACTS,

  create({ options, random, files }) {
    const { rules, largestEdit, tooComplex } = options;
    const limits = { ...TREE_LIMITS, ...options.limits };
    return {
      about: { handles: handlingsOf(rules) },
      async data({ mail: { content } }, { log, facts, signal }) {
        const tools = { random, files, largestEdit, signal };
        return answerTo(await rewriteBy(rules, { content, facts, limits, tools, log, tooComplex }), tooComplex);
      },
    };
  },
});

function answerTo(result: Rewritten, tooComplex: 'reject' | 'hold' | 'pass') {
  switch (result.kind) {
    case 'rewritten': {
      const { content, changes, done } = result;
      const facts = factsOf(done);
      if (changes.length > 0) return rewrite(content, changes, facts);
      return Object.keys(facts).length > 0 ? note(facts) : undefined;
    }
    case 'refused':
      return reject(
        554,
        '5.6.2',
        'Signed mail cannot be changed as our policy demands',
        `${result.rule.name} would break ${result.breaks.join(', ')}`,
      );
    case 'reject':
      return reject(554, '5.7.1', result.text, result.rule.name);
    case 'hold':
      return hold(`${result.rule.name}: ${result.reason}`);
    case 'too-large':
      return reject(552, '5.3.4', `Header section larger than ${result.limit} octets`);
    case 'too-complex': {
      const { what, limit } = result;
      const text = TOO_COMPLEX[what](limit);
      return tooComplex === 'hold' ? hold(text) : reject(554, '5.6.0', text);
    }
  }
}

const TOO_COMPLEX = {
  parts: (limit: number) => `Mail has more than ${limit} parts`,
  depth: (limit: number) => `Mail has parts nested more than ${limit} deep`,
  headers: (limit: number) => `Mail has header sections of more than ${limit} octets`,
} as const;
