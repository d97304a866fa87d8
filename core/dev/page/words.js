/** How times, sizes and states are written. */

const STATES = {
  queued: ['Queued', 'blue'],
  delivered: ['Delivered', 'green'],
  deferred: ['Deferred', 'amber'],
  bounced: ['Bounced', 'red'],
  refused: ['Refused', 'red'],
  'turned-away': ['Refused for now', 'amber'],
  held: ['Held', 'violet'],
  discarded: ['Discarded', ''],
  removed: ['Removed', ''],
  damaged: ['Damaged', 'red'],
};

/** The word for a state, and the colour of its pill. */
export function stateWords(state) {
  return STATES[state] ?? [state, ''];
}

/** Answers of plugins, by colour. */
const ANSWERS = {
  accept: 'green',
  authenticated: 'green',
  delivered: 'green',
  report: 'green',
  expand: 'blue',
  rewrite: 'blue',
  note: 'blue',
  route: 'blue',
  offer: 'blue',
  stored: 'blue',
  notified: 'blue',
  reject: 'red',
  bounced: 'red',
  failed: 'red',
  late: 'red',
  defer: 'amber',
  deferred: 'amber',
  hold: 'violet',
  held: 'violet',
  discard: '',
};

export function answerColour(answer) {
  return ANSWERS[answer] ?? '';
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export function clock(at) {
  return CLOCK.format(at);
}

export function exactly(at) {
  return EXACT.format(at);
}

/** `in 4 min`, `12 s ago`. */
export function distance(at, now = Date.now()) {
  const seconds = Math.round(Math.abs(at - now) / 1000);
  const words =
    seconds < 90
      ? `${seconds} s`
      : seconds < 5400
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`;
  return at > now ? `in ${words}` : `${words} ago`;
}

export function size(octets) {
  if (octets < 1024) return `${octets} B`;
  if (octets < 1024 * 1024) return `${(octets / 1024).toFixed(1)} KiB`;
  return `${(octets / 1024 / 1024).toFixed(1)} MiB`;
}

/** Milliseconds as people write them. */
export function duration(milliseconds) {
  if (milliseconds < 0.1) return '< 0.1 ms';
  if (milliseconds < 1000) return `${milliseconds.toFixed(1)} ms`;
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `<ann@example.test>` without its brackets; the null reverse-path as it is. */
export function bare(path) {
  return path === null || path === '<>' ? (path ?? '(nobody yet)') : path.replace(/^<(.*)>$/, '$1');
}
