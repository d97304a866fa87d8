/** "Did you mean". */
import { expect, test } from 'vitest';
import { didYouMean, listed, nearest } from '../../../core/plugin/suggest.ts';

const KNOWN = ['listener', 'client', 'tls', 'recipient', 'relay-policy', 'as', 'X-Spam'];

test.each([
  { word: 'listner', want: 'listener' },
  { word: 'recpient', want: 'recipient' },
  { word: 'reciepient', want: 'recipient' },
  { word: 'tsl', want: 'tls' },
  { word: 'relay_policy', want: 'relay-policy' },
  { word: 'RELAY-POLICY', want: 'relay-policy' },
  { word: 'x-spam', want: 'X-Spam' },
  { word: 'sender', want: null },
  { word: 'q', want: null },
  { word: '', want: null },
])('for $word, $want is meant', ({ word, want }) => {
  expect(nearest(word, KNOWN)).toBe(want);
});

test('a word that is near nothing gets no suggestion', () => {
  expect(didYouMean('sender', KNOWN)).toBe('');
  expect(didYouMean('clinet', KNOWN)).toBe('; did you mean "client"?');
});

test('words are listed as in a sentence', () => {
  expect([listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'], 'and')]).toEqual([
    '"a"',
    '"a" or "b"',
    '"a", "b" and "c"',
  ]);
});
