/** Every code has its section in the documentation, and what the project throws has a code that is documented. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES, MailframeError, pageOf } from '../../../core/mail/error.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const sections = page.split(/^### /m).slice(1);

describe('docs/errors.md has a section for', () => {
  test.each(ERROR_CODES)('%s', code => {
    const section = sections.find(one => one.startsWith(`${code}\n`));
    expect(section?.split('\n').slice(2).join(' ').length ?? 0).toBeGreaterThan(60);
  });
});

test('docs/errors.md explains no code that there is not', () => {
  const explained = sections.map(section => section.split('\n')[0]);
  expect(explained).toEqual(explained.filter(code => (ERROR_CODES as readonly (string | undefined)[]).includes(code)));
  expect(explained).toHaveLength(ERROR_CODES.length);
});

test('an error carries its code, its position, its cause and its page', () => {
  const cause = new Error('below');
  const position = { file: 'c.yaml', line: 1, column: 2 };
  const error = new MailframeError('MF_QUEUE_OPEN', 'no queue', { position, cause });
  expect(error).toMatchObject({ name: 'MailframeError', code: 'MF_QUEUE_OPEN', message: 'no queue', position, cause });
  expect(error.page).toBe('docs/errors.md#mf_queue_open');
  expect(new MailframeError('MF_QUEUE_OPEN', 'no queue').position).toBeNull();
  expect(pageOf('MF_CONFIG_ENV')).toBe('docs/errors.md#mf_config_env');
});
