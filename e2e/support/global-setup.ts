import { chooseBaseImages } from '../../kit/test-kit/base-images.ts';

/** Chooses the base images before the first test, because a missing image is hard to recognise in a failing test. */
export default function globalSetup(): void {
  chooseBaseImages();
}
