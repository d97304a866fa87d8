/** What the log says next of a mail that cannot be read, whoever has found it. */
export const SET_ASIDE =
  'it is set aside and stays in the queue: mend it and release it, or remove it (mailframe queue)';
