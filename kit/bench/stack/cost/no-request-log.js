// Mounted over packages/cluster-runtime/src/http/request-log.js of the image, to measure what the log costs.
export const logRequests = () => (req, res, next) => next(req, res);
