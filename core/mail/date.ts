/** Dates as mail writes them. Always in UTC: the text does not depend on the machine's time zone or locale. */

/**
 * A date for header fields (RFC 5322 section 3.3): `Mon, 23 Nov 2026 09:30:00 +0000`.
 * @throws RangeError for an invalid date.
 */
export function formatDate(date: Date): string {
  return utcText(date).replace('GMT', '+0000');
}

/**
 * A date for the `From ` line of an mbox, as `asctime` writes it (RFC 4155): `Mon Nov 23 09:30:00 2026`.
 * @throws RangeError for an invalid date.
 */
export function formatFromLineDate(date: Date): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = utcText(date).split(' ');
  return `${weekday.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
}

function utcText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new RangeError('an invalid date has no text');
  return date.toUTCString();
}
