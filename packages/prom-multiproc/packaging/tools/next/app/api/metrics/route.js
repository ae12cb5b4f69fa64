import { register } from '../../../metrics.js';

export const dynamic = 'force-dynamic';

export async function GET() {
  return new Response(
    await register.metrics().catch((error) => {
      console.error(error.message);
      return error.message;
    }),
  );
}
