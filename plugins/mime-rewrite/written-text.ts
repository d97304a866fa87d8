/** Types of options: what ends up in a header or in a part of a mail. */
import { z } from '../../core/index.ts';

/** RFC 5322 section 3.6.8; with its colon it must fit a line. */
export const fieldName = z
  .string()
  .regex(/^[!-9;-~]{1,77}$/, 'is no name of a header field')
  .meta({ description: 'The name of a header field.', examples: ['X-Scanned'] });

/** One line: whatever it holds, it can end neither its field nor the header. */
export const line = z
  .string()
  .regex(
    /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/,
    'holds a line end or another control character: a value is one line of text',
  )
  .refine(text => text.isWellFormed(), 'is not well-formed Unicode');

export const fieldValue = line.meta({
  description: 'The value, one line. It is folded and encoded as need be.',
  examples: ['yes'],
});

/** Lines of text. */
export const paragraph = z
  .string()
  .min(1)
  .max(100_000)
  .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'holds a control character: lines of text are expected')
  .refine(text => text.isWellFormed(), 'is not well-formed Unicode');

/** RFC 6838 section 4.2. */
const TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** A media type, lower case. */
export const mediaType = z
  .string()
  .regex(TYPE, 'is no media type: "application/pdf" is expected')
  .transform(text => text.toLowerCase());

/** A pattern of media types, lower case: `image/*`. */
export const typePattern = z
  .string()
  .regex(/^[A-Za-z0-9*?!#$&^_.+-]+\/[A-Za-z0-9*?!#$&^_.+-]+$/, 'is no media type: "text/html" or "image/*" is expected')
  .transform(text => text.toLowerCase());
