import { harness } from 'mailframe/testing';
import { expect, test } from 'vitest';
import plugin from './index.ts';

const MAIL = 'Subject: Hello\n\nHello, Bob.\n';

/** The content after the plugin has seen it, with the line ends of this file. */
async function seen(mail: string) {
  const { data } = await harness(plugin, { value: 'by my-plugin' });
  const answer = await data(mail);
  if (answer?.kind !== 'rewrite') return null;
  return (await answer.content.bytes()).toString().replaceAll('\r\n', '\n');
}

test('the field stands on top, and nothing else changes', async () => {
  expect(await seen(MAIL)).toBe(`X-Seen: by my-plugin\n${MAIL}`);
});

test('mail that has it already is left alone', async () => {
  expect(await seen(`x-seen: before\n${MAIL}`)).toBeNull();
});
