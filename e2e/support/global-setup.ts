import { chooseBaseImages } from '../../kit/test-kit/base-images.ts';

/** Before the first test, whatever starts the run: a test that fails for want of an image would not say so. */
export default function globalSetup(): void {
  chooseBaseImages();
}
