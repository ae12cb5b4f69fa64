/** Descriptor of the socket that the primary inherits from a supervisor. */
export const PRIMARY_FD = 0;
/**
 * Descriptor of the same socket in workers. Not below 3: libuv makes those descriptors blocking in each new process, and with them the
 * socket of all other workers, in which accept(2) would then block.
 */
export const WORKER_FD = 4;
