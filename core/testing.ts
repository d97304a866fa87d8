/**
 * The second front door: what tests of plugins and of whole gateways are made of.
 * @module mailframe/testing
 */
export {};
