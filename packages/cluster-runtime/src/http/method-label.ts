const STANDARD_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

/**
 * Returns the method if RFC 9110 or RFC 5789 defines it, else `OTHER`: clients choose the method, so it would be unbounded.
 * See https://www.rfc-editor.org/rfc/rfc9110#section-9.3.
 */
export function methodLabel(method: string | undefined): string {
  return method !== undefined && STANDARD_METHODS.has(method) ? method : 'OTHER';
}
