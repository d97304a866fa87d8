/** The store in memory keeps the promises of the port. */
import { memoryStore } from '../../../core/queue/memory-store.ts';
import { queueControlContract } from '../../contracts/queue-control.ts';
import { queuePlacesContract } from '../../contracts/queue-places.ts';
import { queueStoreContract } from '../../contracts/queue-store.ts';

queueStoreContract('memory store', async () => memoryStore());
queuePlacesContract('memory store', async () => memoryStore());
queueControlContract('memory store', async () => memoryStore());
