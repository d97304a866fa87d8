/** ESMTP parameters as a list. */

import { expect, test } from 'vitest';
import { parseParameters } from '../../../core/mail/parameters.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

test.each([
  { rest: '', want: [] },
  { rest: '  ', want: [] },
  { rest: ' SIZE=1000', want: [['SIZE', '1000']] },
  {
    rest: ' smtputf8  body=8BITMIME ',
    want: [
      ['SMTPUTF8', null],
      ['BODY', '8BITMIME'],
    ],
  },
  { rest: ' AUTH=<>', want: [['AUTH', '<>']] },
  { rest: ' ORCPT=utf-8;änn@example.test', want: [['ORCPT', 'utf-8;änn@example.test']] },
  {
    rest: ' X=1 X=2',
    want: [
      ['X', '1'],
      ['X', '2'],
    ],
  },
])('"$rest" holds $want', ({ rest, want }) => {
  const list = want.map(([keyword, value]) => ({ keyword, value }));
  expect(parseParameters(rest)).toEqual({ kind: 'parameters', list });
});

test.each(['SIZE=1', 'x', ' =1', ' SIZE=', ' -A=1', ' A=b=c', ' A_B=1', ' A=\u0001', ' A=\r\nB', '\tA=1'])(
  '"%s" is malformed',
  rest => {
    expect(parseParameters(rest).kind).toBe('malformed');
  },
);

test('no text makes the parser fail', () => {
  fc.assert(
    fc.property(anyText('=', ' ', 'SIZE', 'a-1', 'ü', '<>', '\r\n', '\0'), text => {
      const found = parseParameters(` ${text}`);
      if (found.kind === 'parameters') {
        for (const { value } of found.list) expect(value ?? '').not.toMatch(/[\r\n\0 ]/);
      }
    }),
  );
});
