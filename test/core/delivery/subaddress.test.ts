/** Subaddresses: which part of a local part is somebody. */
import { expect, test } from 'vitest';
import { splitLocalPart } from '../../../core/delivery/subaddress.ts';

test.each([
  { localPart: 'ann', delimiters: '+', user: 'ann', detail: null },
  { localPart: 'ann+lists', delimiters: '+', user: 'ann', detail: 'lists' },
  { localPart: 'ann+lists+x', delimiters: '+', user: 'ann', detail: 'lists+x' },
  { localPart: 'ann-lists+x', delimiters: '+-', user: 'ann', detail: 'lists+x' },
  { localPart: 'ann+', delimiters: '+', user: 'ann', detail: null },
  { localPart: '+lists', delimiters: '+', user: '+lists', detail: null },
  { localPart: 'ann+lists', delimiters: '', user: 'ann+lists', detail: null },
])('$localPart parted at "$delimiters" is $user and $detail', ({ localPart, delimiters, user, detail }) => {
  expect(splitLocalPart(localPart, delimiters)).toEqual({ user, detail });
});
