/** The policy does the one thing that it was told, to every mail that reaches it. */
import { describe, expect, test } from 'vitest';
import { faultsIn, harness } from '../../../core/testing.ts';
import policy from '../../../plugins/policy/index.ts';

const MAIL = 'From: ann@example.test\r\nSubject: hello\r\n\r\nbody\r\n';

describe('what it does', () => {
  test.each([
    { options: { do: 'hold', reason: 'looks odd' }, want: { kind: 'hold', reason: 'looks odd' } },
    { options: { do: 'discard', reason: 'a copy' }, want: { kind: 'discard', reason: 'a copy' } },
    {
      options: { do: 'reject', text: 'Not here', reason: 'bad signature' },
      want: { kind: 'reject', reply: { code: 550, status: '5.7.1', text: 'Not here' }, because: 'bad signature' },
    },
    {
      options: { do: 'defer', text: 'Come back' },
      want: { kind: 'defer', reply: { code: 451, status: '4.7.1', text: 'Come back' }, because: null },
    },
  ])('$options.do', async ({ options, want }) => {
    const { data } = await harness(policy, options);
    expect(await data(MAIL)).toEqual(want);
  });

  test('tag: the field stands on top, and every other octet is as it was', async () => {
    const { data } = await harness(policy, { do: 'tag', field: 'X-Policy', value: 'bad signature' });
    const answer = await data(MAIL);
    if (answer?.kind !== 'rewrite') throw new Error('no rewrite');
    expect((await answer.content.bytes()).toString()).toBe(`X-Policy: bad signature\r\n${MAIL}`);
    expect(answer.changes).toEqual([{ what: 'tagged with X-Policy: bad signature', breaks: [] }]);
  });

  test('forged tag: a field of that name that the mail brought is gone', async () => {
    const { data } = await harness(policy, { do: 'tag', field: 'X-Policy', value: 'checked' });
    const answer = await data(`x-policy: all is well\r\n${MAIL}`);
    if (answer?.kind !== 'rewrite') throw new Error('no rewrite');
    expect((await answer.content.bytes()).toString()).toBe(`X-Policy: checked\r\n${MAIL}`);
  });
});

describe('what it does not boot with', () => {
  test.each([
    { title: 'an unknown deed', options: { do: 'burn', reason: 'x' }, at: 'options.do' },
    { title: 'hold without a reason', options: { do: 'hold' }, at: 'options.reason' },
    { title: 'a text of two lines', options: { do: 'reject', text: 'a\r\nb' }, at: 'options.text' },
    { title: 'a field that mail needs', options: { do: 'tag', field: 'From', value: 'x' }, at: 'options.field' },
    { title: 'a key of another deed', options: { do: 'hold', reason: 'x', field: 'X-A' }, at: 'options' },
  ])('$title', async ({ options, at }) => {
    const faults = await faultsIn(policy, options);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${at}`));
  });
});
