// Mounted over packages/cluster-runtime/src/http/in-request-context.js of the image, to measure what the context costs.
export const inRequestContext = (listener) => listener;
