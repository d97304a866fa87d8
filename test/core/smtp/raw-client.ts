/** The client that says exactly the octets it is told to, where the tests of listeners look for it. */
export { RawClient } from '../../../core/testing/raw-client.ts';
