/** The name of the database in the folder of a queue. */
export const QUEUE_FILE = 'queue.db';
