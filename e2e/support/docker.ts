export * from '../../kit/test-kit/docker.ts';
