/** Dates as mail writes them. Always in UTC: the text does not depend on the machine's time zone or locale. */

/** What was written last: a gateway that is busy writes the same second again and again. */
let written = { second: Number.NaN, text: '' };

/**
 * A date for header fields (RFC 5322 section 3.3): `Mon, 23 Nov 2026 09:30:00 +0000`.
 * @throws RangeError for an invalid date.
 */
export function formatDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (second !== written.second) written = { second, text: utcText(date).replace('GMT', '+0000') };
  return written.text;
}

/** The last date of a `From ` line: mail that comes at once has the same one. */
let fromLine = { second: Number.NaN, text: '' };

/**
 * A date for the `From ` line of an mbox, as `asctime` writes it (RFC 4155): `Mon Nov 23 09:30:00 2026`.
 * @throws RangeError for an invalid date.
 */
export function formatFromLineDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (second !== fromLine.second) fromLine = { second, text: asctime(date) };
  return fromLine.text;
}

function asctime(date: Date): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = utcText(date).split(' ');
  return `${weekday.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
}

function utcText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new RangeError('an invalid date has no text');
  return date.toUTCString();
}
