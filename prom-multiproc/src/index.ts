export { type ShareOptions, share } from './share.ts';
