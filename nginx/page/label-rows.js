/**
 * Returns the row of each label, so that no two labels overlap; undefined if no row has room.
 *
 * @template {{ from: number, wide: number }} L
 * @param {readonly L[]} labels the most important first
 * @param {{ rows: number, gap: number }} room
 * @returns {{ label: L, row: number | undefined }[]}
 */
export function rowsOf(labels, { rows, gap }) {
  const taken = Array.from({ length: rows }, () => /** @type {L[]} */ ([]));
  return labels.map((label) => {
    const { from, wide } = label;
    const row = taken.findIndex((others) =>
      others.every((other) => from >= other.from + other.wide + gap || other.from >= from + wide + gap),
    );
    taken[row]?.push(label);
    return { label, row: row === -1 ? undefined : row };
  });
}
