/** The store in memory keeps the promises of the port. */
import { memoryStore } from '../../../core/queue/memory-store.ts';
import { queueStoreContract } from '../../contracts/queue-store.ts';

queueStoreContract('memory store', async () => memoryStore());
