/**
 * The second front door: what tests of plugins and of whole gateways are made of.
 * @module mailframe/testing
 */
export * from './testing/fake-resolver.ts';
export * from './testing/manual-clock.ts';
export * from './testing/memory-files.ts';
export * from './testing/recording-log.ts';
export * from './testing/seeded-random.ts';
