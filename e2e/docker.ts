export * from '../scripts/measure/docker.ts';
