/** Text of a number with three significant digits, or with all its integer digits. */
export function number(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toFixed(Math.min(digits, 4));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text.replace(/\B(?=(\d{3})+$)/g, ',');
}
