/** Three digits, or all before the point. */
export function number(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(digits, 4));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text.replace(/\B(?=(\d{3})+$)/g, ',');
}
