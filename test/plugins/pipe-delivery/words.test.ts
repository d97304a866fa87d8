/** Commands of aliases, parted into words: as a shell would part them, and nothing more. */
import { expect, test } from 'vitest';
import { wordsOf } from '../../../plugins/pipe-delivery/words.ts';

test.each([
  { text: '/usr/bin/filter', want: ['/usr/bin/filter'] },
  { text: ' /usr/bin/filter  -x\t y ', want: ['/usr/bin/filter', '-x', 'y'] },
  { text: '/bin/sh -c "cat > $HOME/x; true"', want: ['/bin/sh', '-c', 'cat > $HOME/x; true'] },
  { text: `/x 'a "b" c' "d \\"e\\" 'f'" g\\ h`, want: ['/x', 'a "b" c', `d "e" 'f'`, 'g h'] },
  { text: `/x '' ""`, want: ['/x', '', ''] },
  { text: '/x $(id) `id` *; rm', want: ['/x', '$(id)', '`id`', '*;', 'rm'] },
  { text: '/x "open', want: null },
  { text: '  ', want: null },
])('$text', ({ text, want }) => {
  expect(wordsOf(text)).toEqual(want);
});
