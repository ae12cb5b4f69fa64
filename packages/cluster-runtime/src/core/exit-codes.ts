/** Exit code of a worker after an uncaught exception. Node's own code for it, 1, has other meanings too. */
export const UNCAUGHT_EXIT_CODE = 70;
