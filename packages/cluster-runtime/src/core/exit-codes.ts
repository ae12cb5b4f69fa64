/** Exit code of a worker that ended itself after an uncaught exception. Node's own for it, 1, has other uses too. */
export const UNCAUGHT_EXIT_CODE = 70;
